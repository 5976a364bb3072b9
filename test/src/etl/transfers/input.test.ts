import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";

import { UsageError } from "../../../../src/errors.ts";
import { RecordMissingError, resolveInput } from "../../../../src/etl/transfers/input.ts";
import { BadLogError, rowsOf } from "../../../../src/etl/transfers/row.ts";
import { rejection } from "../../../helpers/rejection.ts";

const address = "0x00000000000000000000000000000000c0ffee00";

describe("resolveInput", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "records-"));
    await mkdir(join(folder, "sepolia"));
    const record = { address, receipt: { blockNumber: "77" } };
    await writeFile(join(folder, "sepolia", "MetaCoin.json"), JSON.stringify(record));
    await writeFile(join(folder, "sepolia", ".chain.json"), JSON.stringify({ chainId: 11155111 }));
  });
  afterEach(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  it("takes address, first block and chain from the record", async () => {
    expect(await resolveInput({ format: "jsonl" }, { folder, network: "sepolia" })).to.deep.equal({
      network: "sepolia",
      event: { address, fromBlock: 77, chainId: 11155111, confirmations: 12, format: "jsonl", network: "sepolia" },
    });
  });

  it("lets what was typed take precedence", async () => {
    const { event } = await resolveInput({ network: "sepolia", fromBlock: 100 }, { folder, network: "localhost" });
    expect(event).to.include({ fromBlock: 100, address });
  });

  it("names the command that makes a missing record", async () => {
    const error = await rejection(resolveInput({}, { folder, network: "hoodi" }));
    expect(error).to.be.instanceOf(RecordMissingError);
    expect(error).to.have.property("hint", "npx hardhat deploy --network hoodi");
  });

  it("takes its own event again: a run that goes on asks the same network", async () => {
    const { event } = await resolveInput({}, { folder, network: "sepolia" });
    expect(await resolveInput(event, { folder, network: "localhost" })).to.deep.equal({ network: "sepolia", event });
  });

  it("names a record that is none", async () => {
    for (const text of ["{", "{}"]) {
      await writeFile(join(folder, "sepolia", "MetaCoin.json"), text);
      expect(await rejection(resolveInput({}, { folder, network: "sepolia" }))).to.be.instanceOf(RecordMissingError);
    }
  });

  it("is bad usage where it is no such input", async () => {
    expect(await rejection(resolveInput({ formt: "csv" }, { folder, network: "sepolia" }))).to.be.instanceOf(
      UsageError,
    );
    expect(await rejection(resolveInput({ format: "xml" }, { folder, network: "sepolia" }))).to.be.instanceOf(
      UsageError,
    );
    expect(await rejection(resolveInput({ contract: "../x" }, { folder, network: "sepolia" }))).to.be.instanceOf(
      UsageError,
    );
  });
});

describe("rowsOf", () => {
  const word = (digit: string) => `0x${digit.repeat(64)}`;
  const log = {
    address,
    blockNumber: "0x5",
    blockHash: word("b"),
    transactionHash: word("a"),
    logIndex: "0x2",
    topics: [
      "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef",
      `0x${"0".repeat(24)}${"1".repeat(40)}`,
      `0x${"0".repeat(24)}${"2".repeat(40)}`,
    ],
    data: `0x${"f".repeat(64)}`,
  };
  const range = { from: 5, to: 9 };

  it("sorts by block and index, and keeps 256 bits of value", () => {
    const rows = rowsOf([{ ...log, logIndex: "0x10" }, log], range, address.toUpperCase().replace("X", "x"));
    expect(rows.map(({ index }) => index)).to.deep.equal([2, 16]);
    expect(rows[0]?.line).to.equal(
      `5,${word("a")},2,0x${"1".repeat(40)},0x${"2".repeat(40)},${String(2n ** 256n - 1n)}\r\n`,
    );
  });

  it("refuses a log that comes twice, and one block with two hashes", () => {
    expect(() => rowsOf([log, { ...log, logIndex: "0x3" }, log], range, address)).to.throw(BadLogError, "twice");
    const other = { ...log, logIndex: "0x3", blockHash: word("c") };
    expect(() => rowsOf([log, other], range, address)).to.throw(BadLogError, "another block");
  });

  for (const [what, wrong] of [
    ["with a topic that is no address", { ...log, topics: [log.topics[0], `${"x".repeat(26)}=1+1`, log.topics[2]] }],
    [
      "with a third indexed value, as a token of ERC-721 has it",
      { ...log, topics: [...log.topics, word("1")], data: "0x" },
    ],
    ["with more than one value", { ...log, data: `0x${"f".repeat(128)}` }],
    ["without data", { ...log, data: "0x" }],
    ["without an index", { ...log, logIndex: "0x" }],
    ["with an index beyond all numbers", { ...log, logIndex: word("f") }],
    ["that is null", null],
    ["of another contract", { ...log, address: `0x${"9".repeat(40)}` }],
    ["outside the range", { ...log, blockNumber: "0xa" }],
    ["taken back", { ...log, removed: true }],
    ["of another event", { ...log, topics: ["0x00"] }],
    ["without a hash", { ...log, blockHash: null }],
    ["that would be a formula", { ...log, transactionHash: "=1+1" }],
  ] as const)
    it(`refuses a log ${what}`, () => {
      expect(() => rowsOf([wrong], range, address)).to.throw(BadLogError);
    });
});
