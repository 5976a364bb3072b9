import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";
import { parseEther } from "ethers";

import { judge, type TransactionAct } from "../../../src/signer/judge.ts";
import { parseRules, readRules, requirePin, RulesChangedError, RulesError } from "../../../src/signer/rules.ts";
import { createSpending } from "../../../src/signer/spending.ts";

const friend = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
const stranger = "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC";

function rules(more: object = {}) {
  const text = JSON.stringify({ chainIds: [11155111], maxFeeEth: "0.01", ...more });
  return parseRules(text, "rules.json");
}

const me = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266";
const act: TransactionAct = {
  kind: "transaction",
  chainId: 11155111,
  from: me,
  to: friend,
  value: 0n,
  maxFee: 1n,
  data: "0x",
};
const nothing = createSpending(() => 0, 0);

describe("signer/rules", () => {
  it("allows nothing that is not named", () => {
    expect(judge(rules(), act, nothing)).to.deep.equal([`${friend} is not among the rules' recipients`]);
    expect(judge(rules(), { ...act, to: undefined }, nothing)).to.deep.equal(["the rules allow no contract creation"]);
    expect(judge(rules({ recipients: [friend] }), { ...act, value: 1n }, nothing)).to.have.length(1);
    expect(judge(rules(), { kind: "message" }, nothing)).to.have.length(1);
  });

  it("always lets a nonce be given up: nothing to oneself, for a fee within the limit", () => {
    expect(judge(rules(), { ...act, to: me }, nothing)).to.deep.equal([]);
    expect(judge(rules(), { ...act, to: me, data: "0x00" }, nothing)).to.have.length(1);
    expect(judge(rules(), { ...act, to: me, maxFee: parseEther("1") }, nothing)).to.have.length(1);
  });

  it("allows what is named, in any spelling of an address, up to the limit and not a wei further", () => {
    const limited = rules({ recipients: [friend.toLowerCase()], maxValueEth: "0.5", contractCreation: true });
    expect(judge(limited, { ...act, value: parseEther("0.5"), maxFee: parseEther("0.01") }, nothing)).to.deep.equal([]);
    expect(judge(limited, { ...act, to: undefined }, nothing)).to.deep.equal([]);
    expect(judge(limited, { ...act, value: parseEther("0.5") + 1n }, nothing)).to.deep.equal([
      "value of 0.500000000000000001 ETH is above 0.5 ETH",
    ]);
    expect(judge(limited, { ...act, maxFee: parseEther("0.01") + 1n }, nothing)).to.have.length(1);
    expect(judge(limited, { ...act, to: stranger }, nothing)).to.have.length(1);
    expect(judge(limited, { ...act, chainId: 1 }, nothing)).to.deep.equal(["chain 1 is not among the rules' chains"]);
    expect(judge(rules({ recipients: "any" }), { ...act, to: stranger }, nothing)).to.deep.equal([]);
  });

  it("counts transactions and ether in a sliding window of the clock it is given", () => {
    let now = 0;
    const spending = createSpending(() => now, 60_000);
    const rate = { seconds: 60, maxTransactions: 2, maxSpendEth: "1" };
    const limited = rules({ recipients: "any", maxValueEth: "1", rate });
    const half = { ...act, value: parseEther("0.5"), maxFee: 0n };
    spending.reserve(half.value);
    now = 1;
    expect(judge(limited, half, spending)).to.deep.equal([]);
    const release = spending.reserve(half.value);
    expect(judge(limited, half, spending)).to.deep.equal([
      "2 transactions in 60 s already, and 2 are allowed",
      "value and fees in 60 s of 1.5 ETH is above 1.0 ETH",
    ]);
    release();
    expect(judge(limited, half, spending)).to.deep.equal([]);
    spending.reserve(half.value);
    now = 60_000;
    expect(judge(limited, half, spending), "the first has left the window").to.deep.equal([]);
  });

  it("allows typed data by chain, contract and type", () => {
    const permit = { kind: "typedData", chainId: 1, verifyingContract: friend, primaryType: "Permit" } as const;
    const named = rules({ typedData: [{ chainId: 1, verifyingContract: friend, primaryType: "Permit" }] });
    expect(judge(named, permit, nothing)).to.deep.equal([]);
    expect(judge(named, { ...permit, primaryType: "Order" }, nothing)).to.have.length(1);
    expect(judge(named, { ...permit, chainId: undefined }, nothing)).to.have.length(1);
    expect(judge(named, { ...permit, verifyingContract: undefined }, nothing)).to.have.length(1);
  });

  for (const [what, more] of Object.entries({
    "a misspelt field": { recipient: [] },
    "a number for ether": { maxFeeEth: 0.01 },
    "a negative amount": { maxValueEth: "-1" },
    "too many decimals": { maxValueEth: "0.0000000000000000001" },
    "a wrong checksum": { recipients: [friend.replace("C", "c")] },
    "no chain": { chainIds: [] },
  }))
    it(`refuses ${what}`, () => {
      expect(() => rules(more)).to.throw(RulesError, "rules.json");
    });

  it("holds the file to the hash that was named", async () => {
    const folder = await mkdtemp(join(tmpdir(), "signer-rules-"));
    try {
      const path = join(folder, "rules.json");
      await writeFile(path, '{"chainIds":[1],"maxFeeEth":"0.1"}');
      const pinned = await readRules(path);
      requirePin(pinned, pinned.sha256.toUpperCase());
      await writeFile(path, '{"chainIds":[1],"maxFeeEth":"100"}');
      const changed = await readRules(path);
      expect(() => requirePin(changed, pinned.sha256)).to.throw(RulesChangedError, changed.sha256);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
