import { expect } from "chai";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

import { backoffMs, type Clock } from "../../../src/rpc/backoff.ts";
import { BadEndpointError } from "../../../src/rpc/http.ts";
import { understandRefusal } from "../../../src/rpc/refusals.ts";
import { createRpc, RpcAnswerError } from "../../../src/rpc/rpc.ts";

type Call = { id: number; method: string };
type Behaviour = (calls: Call[], response: ServerResponse, request: IncomingMessage) => void;

const answerAll: Behaviour = (calls, response) => {
  const answers = calls.map(({ id, method }) => ({ jsonrpc: "2.0", id, result: method }));
  response.end(JSON.stringify(answers.length === 1 ? answers[0] : answers));
};

describe("createRpc", () => {
  const servers: { close: () => void }[] = [];
  /** Sleeps that were asked for; none is waited for. */
  let slept: number[];
  const clock: Clock = { now: () => 0, sleep: async (ms) => void slept.push(ms) };

  beforeEach(() => (slept = []));
  afterEach(() => servers.splice(0).forEach((server) => server.close()));

  /** A server that behaves as the list says, request by request; the last one stays. */
  async function serve(...behaviours: Behaviour[]) {
    const seen: Call[][] = [];
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        const body = JSON.parse(Buffer.concat(chunks).toString()) as Call | Call[];
        const calls = Array.isArray(body) ? body : [body];
        seen.push(calls);
        (behaviours.length > 1 ? behaviours.shift() : behaviours[0])?.(calls, response, request);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    servers.push({
      close() {
        server.closeAllConnections();
        server.close();
      },
    });
    return { url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/secret-key`, seen };
  }

  const fail =
    (status: number, headers: Record<string, string> = {}): Behaviour =>
    (_, response) =>
      response.writeHead(status, headers).end("no");

  it("retries 429, 503 and a broken connection with growing, jittered pauses", async () => {
    const { url, seen } = await serve(
      fail(429),
      fail(503),
      (_, __, request) => request.socket.resetAndDestroy(),
      answerAll,
    );
    const rpc = createRpc({ urls: [url], clock, random: () => 1 });
    expect(await rpc.request("eth_chainId")).to.equal("eth_chainId");
    expect(seen).to.have.length(4);
    expect(slept).to.deep.equal([100, 200, 400]);
    expect(rpc.httpCalls()).to.equal(4);
  });

  it("waits as long as Retry-After asks", async () => {
    const { url } = await serve(fail(429, { "retry-after": "7" }), answerAll);
    await createRpc({ urls: [url], clock, random: () => 0 }).request("eth_chainId");
    expect(slept).to.deep.equal([7_000]);
  });

  it("takes a rate limit with status 200 for what it is", async () => {
    const busy: Behaviour = ([call], response) =>
      response.end(
        JSON.stringify({ jsonrpc: "2.0", id: call?.id, error: { code: -32005, message: "rate limit exceeded" } }),
      );
    const { url, seen } = await serve(busy, answerAll);
    expect(await createRpc({ urls: [url], clock }).request("eth_chainId")).to.equal("eth_chainId");
    expect(seen).to.have.length(2);
  });

  it("gives an error answer back and does not ask again", async () => {
    const refuse: Behaviour = ([call], response) =>
      response.end(JSON.stringify({ jsonrpc: "2.0", id: call?.id, error: { code: -32000, message: "nonce too low" } }));
    const { url, seen } = await serve(refuse);
    const error = await createRpc({ urls: [url], clock })
      .request("eth_sendRawTransaction")
      .catch((thrown: unknown) => thrown);
    expect(error).to.be.instanceOf(RpcAnswerError);
    expect(seen).to.have.length(1);
  });

  it("turns to the next endpoint at once, and stays there", async () => {
    const bad = await serve(fail(503));
    const good = await serve(answerAll);
    const rpc = createRpc({ urls: [bad.url, good.url], clock });
    await rpc.request("eth_chainId");
    await rpc.request("eth_blockNumber");
    expect(bad.seen).to.have.length(1);
    expect(good.seen).to.have.length(2);
    expect(slept).to.deep.equal([]);
  });

  it("puts the answers of a batch into the order of the calls", async () => {
    const shuffled: Behaviour = (calls, response) =>
      response.end(
        JSON.stringify([...calls].reverse().map(({ id, method }) => ({ jsonrpc: "2.0", id, result: method }))),
      );
    const { url, seen } = await serve(shuffled);
    const answers = await createRpc({ urls: [url], clock }).send(
      ["a", "b", "c"].map((method) => ({ method, params: [] })),
    );
    expect(answers).to.deep.equal([{ result: "a" }, { result: "b" }, { result: "c" }]);
    expect(seen).to.have.length(1);
  });

  it("asks one by one, in order, once an endpoint refused a batch", async () => {
    const refuseBatches: Behaviour = (calls, response, request) =>
      calls.length > 1
        ? response.end(JSON.stringify({ jsonrpc: "2.0", id: null, error: { code: -32600, message: "no batches" } }))
        : answerAll(calls, response, request);
    const { url, seen } = await serve(refuseBatches);
    const rpc = createRpc({ urls: [url], clock });
    const calls = ["a", "b", "c"].map((method) => ({ method, params: [] }));
    expect(await rpc.send(calls)).to.deep.equal([{ result: "a" }, { result: "b" }, { result: "c" }]);
    await rpc.send(calls);
    expect(seen.map((batch) => batch.map(({ method }) => method).join(""))).to.deep.equal([
      "abc",
      "a",
      "b",
      "c",
      "a",
      "b",
      "c",
    ]);
  });

  it("ends a hanging request and asks again", async () => {
    const { url, seen } = await serve(answerAll, () => undefined, answerAll);
    const rpc = createRpc({ urls: [url], clock });
    await rpc.request("eth_chainId");
    expect(await rpc.request("eth_chainId")).to.equal("eth_chainId");
    expect(seen).to.have.length(3);
  });

  it("gives up at once where trying again cannot help, without a word of the URL", async () => {
    const { url, seen } = await serve(fail(401));
    const error = await createRpc({ urls: [url], clock })
      .request("eth_chainId")
      .catch((thrown: unknown) => thrown);
    expect(error).to.be.instanceOf(BadEndpointError);
    expect(String(error)).not.to.contain("secret-key");
    expect(seen).to.have.length(1);
  });

  it("gives up after its attempts", async () => {
    const { url, seen } = await serve(fail(503));
    const error = await createRpc({ urls: [url], attempts: 3, clock })
      .request("eth_chainId")
      .catch((thrown: unknown) => thrown);
    expect(error).to.be.instanceOf(BadEndpointError);
    expect(seen).to.have.length(3);
  });

  it("keeps below its requests a second", async () => {
    const { url } = await serve(answerAll);
    const rpc = createRpc({ urls: [url], clock, maxRequestsPerSecond: 4 });
    await Promise.all([rpc.request("a"), rpc.request("b"), rpc.request("c")]);
    expect(slept).to.deep.equal([250, 500]);
  });
});

describe("backoffMs", () => {
  it("grows to five seconds and never falls below what the server asked for", () => {
    expect([0, 1, 5, 10].map((attempt) => backoffMs(attempt, undefined, () => 1))).to.deep.equal([
      100, 200, 3_200, 5_000,
    ]);
    expect(backoffMs(3, 1_234, () => 0)).to.equal(1_234);
  });
});

describe("understandRefusal", () => {
  const wordings: readonly (readonly [string, ReturnType<typeof understandRefusal>])[] = [
    ["already known", "known"],
    ["known transaction: 0xab", "known"],
    ["transaction already imported", "known"],
    ["AlreadyKnown", "known"],
    ["nonce too low: next nonce 8, tx nonce 7", "nonce too low"],
    ["OldNonce", "nonce too low"],
    ["Nonce too low. Expected nonce to be 2 but got 1.", "nonce too low"],
    ["nonce too high", "nonce too high"],
    ["replacement transaction underpriced", "replacement underpriced"],
    ["insufficient funds for gas * price + value: balance 1, tx cost 2", "no funds"],
    ["Sender doesn't have enough funds to send tx", "no funds"],
    ["transaction underpriced: gas tip cap 0, minimum needed 1", "underpriced"],
    ["max fee per gas less than block base fee: address 0x, maxFeePerGas: 1, baseFee: 2", "underpriced"],
    ["txpool is full", "pool full"],
    ["in-flight transaction limit reached for delegated accounts", "pool full"],
    ["execution reverted", "reverts"],
    ["intrinsic gas too low", "invalid"],
  ];
  for (const [message, meaning] of wordings) {
    it(`reads "${message}" as ${meaning}`, () => {
      expect(understandRefusal({ code: -32000, message })).to.equal(meaning);
    });
  }
});
