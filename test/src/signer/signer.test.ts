import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";
import { Transaction, Wallet } from "ethers";

import { type AuditLog, openAudit } from "../../../src/signer/audit.ts";
import { JsonRpcError } from "../../../src/ipc/rpc/jsonrpc.ts";
import { openKeyring } from "../../../src/signer/keyring.ts";
import { parseRules } from "../../../src/signer/rules.ts";
import { createSigner, type Signer, type SignerOptions } from "../../../src/signer/signer.ts";
import { createSpending } from "../../../src/signer/spending.ts";
import { createTestClock } from "../../helpers/signer/clock.ts";
import { rejection } from "../../helpers/rejection.ts";

const wallet = Wallet.createRandom();
const friend = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
const rules = parseRules(
  JSON.stringify({
    chainIds: [5],
    recipients: [friend],
    maxFeeEth: "1",
    rate: { seconds: 60, maxTransactions: 5 },
  }),
  "rules.json",
);

describe("signer/signer", () => {
  let folder: string;
  let audit: AuditLog;
  let lastNonce: number;
  let sent: Transaction[];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "signer-"));
    audit = await openAudit(join(folder, "audit.jsonl"), () => 0);
    lastNonce = 0;
    sent = [];
  });

  afterEach(async () => {
    await audit.close();
    await rm(folder, { recursive: true });
  });

  /** A chain whose nonce grows only once a transaction has arrived, and which takes its time for that. */
  async function endpoint(method: string, params: readonly unknown[]): Promise<unknown> {
    if (method === "eth_getTransactionCount") return `0x${lastNonce.toString(16)}`;
    if (method !== "eth_sendRawTransaction") throw new Error(`not asked: ${method}`);
    for (let turns = 0; turns < 5; turns++) await new Promise<void>((resolve) => setImmediate(resolve));
    const transaction = Transaction.from(String(params[0]));
    sent.push(transaction);
    lastNonce++;
    return transaction.hash;
  }

  async function open(options: Partial<SignerOptions> = {}): Promise<Signer> {
    const clock = createTestClock();
    return createSigner({
      keyring: await openKeyring({ open: async () => [wallet], clock }),
      pinned: { rules, sha256: "00", document: {} },
      spending: createSpending(clock.now, 60_000),
      audit,
      ask: undefined,
      endpoint,
      chainId: 5,
      report: () => undefined,
      ...options,
    });
  }

  const caller = { peer: {}, signal: new AbortController().signal };
  const transaction = { from: wallet.address, to: friend, gas: "0x5208", gasPrice: "0x1" };

  it("asks for the next nonce only when the transaction before it has been sent", async () => {
    const { dispatch } = await open();
    await Promise.all(Array.from({ length: 5 }, () => dispatch("eth_sendTransaction", [transaction], caller)));
    expect(sent.map(({ nonce }) => nonce)).to.deep.equal([0, 1, 2, 3, 4]);
  });

  it("lets no more through at once than the rate allows, and gives a place back that was not used", async () => {
    const { dispatch } = await open();
    const all = Array.from({ length: 8 }, () => dispatch("eth_sendTransaction", [transaction], caller));
    const settled = await Promise.allSettled(all);
    expect(settled.filter(({ status }) => status === "fulfilled")).to.have.length(5);
    const failing = await open({ endpoint: () => Promise.reject(new Error("the endpoint is away")) });
    for (let at = 0; at < 6; at++)
      expect((await rejection(failing.dispatch("eth_sendTransaction", [transaction], caller))).message).to.contain(
        "away",
      );
  });

  it("does not keep a transaction within the rules waiting behind a question", async () => {
    const question = Promise.withResolvers<boolean>();
    const { dispatch } = await open({ ask: () => question.promise });
    const asked = dispatch("eth_sendTransaction", [{ ...transaction, value: "0x1" }], caller);
    await dispatch("eth_sendTransaction", [transaction], caller);
    question.resolve(true);
    await asked;
    expect(sent.map(({ nonce, value }) => [nonce, value])).to.deep.equal([
      [0, 0n],
      [1, 1n],
    ]);
  });

  it("goes on counting where the endpoint counts mined transactions alone, and back where it has forgotten ours", async () => {
    let isKnown = true;
    const { dispatch } = await open({
      endpoint: async (method, params) => {
        if (method === "eth_getTransactionCount") return "0x7";
        if (method === "eth_getTransactionByHash") return isKnown ? { hash: params[0] } : null;
        return await endpoint(method, params);
      },
    });
    for (let at = 0; at < 3; at++) await dispatch("eth_sendTransaction", [transaction], caller);
    isKnown = false;
    await dispatch("eth_sendTransaction", [transaction], caller);
    expect(sent.map(({ nonce }) => nonce)).to.deep.equal([7, 8, 9, 7]);
  });

  for (const [what, more] of Object.entries({
    "chain id 0, which any chain would take": { chainId: "0x0" },
    "a type of EIP-4844": { type: "0x3" },
    "a type of EIP-7702": { type: "0x4" },
    "a fee for blobs": { maxFeePerBlobGas: "0x1" },
    "an access list in a type that has none": { type: "0x0", accessList: [{ address: friend, storageKeys: [] }] },
    "a tip above the cap": { gasPrice: undefined, maxFeePerGas: "0x1", maxPriorityFeePerGas: "0x2" },
    "data and input that differ": { data: "0x01", input: "0x02" },
    "a nonce that is no safe number": { nonce: "0xffffffffffffffff" },
    "an amount that no chain holds": { value: `0x${"f".repeat(65)}` },
    "half a byte of data": { data: "0x1" },
    "a recipient that is no address": { to: "friend.eth" },
  }))
    it(`refuses ${what} as a wrong argument, asks nobody and signs nothing`, async () => {
      let asked = 0;
      const { dispatch } = await open({ pinned: undefined, ask: async () => asked++ < 0 });
      for (const method of ["eth_signTransaction", "eth_sendTransaction"]) {
        const refused = await rejection(dispatch(method, [{ ...transaction, ...more }], caller));
        expect(refused).to.be.instanceOf(JsonRpcError).and.to.have.property("rpcCode", -32_602);
      }
      expect([asked, sent.length]).to.deep.equal([0, 0]);
    });

  it("signs an access list within the type that has one", async () => {
    const { dispatch } = await open();
    const accessList = [{ address: friend, storageKeys: [`0x${"0".repeat(64)}`] }];
    await dispatch("eth_sendTransaction", [{ ...transaction, accessList }], caller);
    expect(sent[0]).to.include({ type: 1 });
    expect(sent[0]?.accessList?.[0]?.address).to.equal(friend);
  });

  it("signs nothing that it cannot write down", async () => {
    const broken = { ...audit, write: () => Promise.reject(new Error("the disk is full")) };
    const { dispatch } = await open({ audit: broken });
    expect((await rejection(dispatch("eth_sendTransaction", [transaction], caller))).message).to.contain(
      "disk is full",
    );
    expect(sent).to.have.length(0);
  });
});
