import { expect } from "chai";

import { checkBalance, checkClock, checkEndpoint, type Request } from "../../../src/doctor/endpoint.ts";
import { checkService, services } from "../../../src/doctor/services.ts";

/** A node that gives these answers. */
const answering =
  (answers: Readonly<Record<string, unknown>>): Request =>
  async (method) => {
    if (!(method in answers)) throw new Error(`Endpoint 1: no answer to ${method}`);
    return answers[method];
  };

/** A clock that moves by so many milliseconds a reading. */
function ticking(stepMs: number): () => number {
  let now = 0;
  return () => (now += stepMs);
}

const facts = { name: "Endpoint", chainId: 11155111, hint: "mend it" };

describe("doctor: an endpoint", () => {
  const sepolia = answering({ eth_chainId: "0xaa36a7", eth_blockNumber: "0x1" });

  it("answers for the right chain, so fast", async () => {
    expect(await checkEndpoint(sepolia, facts, ticking(40))).to.deep.equal({
      subject: "Endpoint",
      status: "ok",
      finding: "chain 11155111, 40 ms a call",
    });
  });

  it("is slow", async () => {
    expect((await checkEndpoint(sepolia, facts, ticking(1_500))).status).to.equal("warning");
  });

  it("is of another chain, is no node, or does not answer", async () => {
    const wrong = await checkEndpoint(answering({ eth_chainId: "0x1" }), facts, ticking(1));
    expect([wrong.status, wrong.finding, wrong.hint]).to.deep.equal([
      "broken",
      "is of chain 1, not 11155111",
      "mend it",
    ]);
    const odd = await checkEndpoint(answering({ eth_chainId: { a: 1 } }), facts, ticking(1));
    expect([odd.status, odd.finding]).to.deep.equal(["broken", "does not answer like an Ethereum node"]);
    const mute = await checkEndpoint(answering({}), facts, ticking(1));
    expect([mute.status, mute.finding]).to.deep.equal(["broken", "no answer to eth_chainId"]);
  });
});

describe("doctor: the clock", () => {
  const block = answering({ eth_getBlockByNumber: { timestamp: "0x3e8" } });
  const cases: readonly [nowS: number, status: string, finding: string][] = [
    [1_000, "ok", "the newest block is 0 s old"],
    [1_012, "ok", "the newest block is 12 s old"],
    [980, "ok", "the newest block is 0 s old"],
    [900, "broken", "the newest block is 100 s in the future: this machine's clock is behind"],
    [2_000, "warning", "the newest block is 1000 s old"],
  ];
  for (const [nowS, status, finding] of cases)
    it(`at second ${String(nowS)} with a block of second 1000 is ${status}`, async () => {
      const check = await checkClock(block, () => nowS * 1_000);
      expect(check.status).to.equal(status);
      expect(check.finding).to.include(finding);
    });

  it("cannot be judged without a block", async () => {
    expect((await checkClock(answering({ eth_getBlockByNumber: null }), () => 0)).status).to.equal("warning");
  });
});

describe("doctor: the balance", () => {
  const facts = { address: "0xA", toEther: String, hint: "a faucet" };
  const holding = (wei: bigint) =>
    checkBalance(answering({ eth_getBalance: `0x${wei.toString(16)}`, eth_gasPrice: "0x2" }), facts);

  it("pays for a small deployment at the price of the moment, or does not", async () => {
    expect(await holding(1_000_000n)).to.deep.equal({
      subject: "Balance",
      status: "ok",
      finding: "0xA holds 1000000 ETH",
    });
    for (const little of [0n, 999_999n]) {
      const { status, hint } = await holding(little);
      expect([status, hint]).to.deep.equal(["warning", "a faucet"]);
    }
  });
});

describe("doctor: services", () => {
  it("are looked for under each of their names, and missing ones are told with what installs them", async () => {
    const asked: string[] = [];
    for (const service of services) {
      const missing = await checkService(service, async (command) => {
        asked.push(command);
        return undefined;
      });
      expect([missing.status, missing.hint]).to.deep.equal(["warning", service.install]);
    }
    expect(asked).to.include.members(["redis-server", "chromium", "anvil"]);
    const [redis] = services;
    if (redis === undefined) throw new Error("no services");
    const found = await checkService(redis, async () => "Redis server v=7.0.15 sha=00000000:0");
    expect([found.status, found.finding]).to.deep.equal(["ok", "7.0.15"]);
  });
});
