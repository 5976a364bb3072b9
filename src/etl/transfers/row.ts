import { MetacoinError } from "../../errors.ts";

import { transferTopic } from "./job.ts";
import type { Range } from "./refusal.ts";

/** The columns of every format, in order. */
export const columns = ["block", "transaction", "logIndex", "from", "to", "value"] as const;

/** What only the reader needs of a log: which block it says it is in. */
type Row = { readonly block: number; readonly index: number; readonly blockHash: string; readonly line: string };

/**
 * The rows of a range as CSV lines, sorted by block and index.
 *
 * All cells are digits or hexadecimal, so nothing is quoted and no cell can be a formula.
 *
 * @throws {BadLogError} for a log that the filter did not ask for, or that the chain took back.
 */
export function rowsOf(logs: readonly unknown[], range: Range, address: string): readonly Row[] {
  const rows = logs.map((log) => rowOf(log, range, address));
  if (!isSorted(rows)) rows.sort(inOrder);
  for (const [at, row] of rows.entries()) checkNeighbours(rows[at - 1], row);
  return rows;
}

function checkNeighbours(before: Row | undefined, row: Row): void {
  if (before?.block !== row.block) return;
  const place = `log ${String(row.index)} of block ${String(row.block)}`;
  if (before.index === row.index) throw new BadLogError(`${place} is there twice`);
  if (before.blockHash !== row.blockHash) throw new BadLogError(`${place} is in another block than the one before it`);
}

function rowOf(log: unknown, range: Range, address: string): Row {
  const { number, transaction, index, topics, data, blockHash } = fieldsOf(log, address);
  const [topic, from, to, ...more] = topics;
  if (topic !== transferTopic || !isWord(from) || !isWord(to) || !isWord(data) || more.length > 0)
    throw new BadLogError("a log is no Transfer with two indexed addresses and a value");
  const block = Number(number);
  const logIndex = Number(index);
  if (!(block >= range.from && block <= range.to))
    throw new BadLogError(`a log of block ${String(block)} is outside ${String(range.from)}–${String(range.to)}`);
  if (!Number.isSafeInteger(logIndex)) throw new BadLogError("the index of a log is no number");
  const value = BigInt(data).toString();
  return {
    block,
    index: logIndex,
    blockHash: blockHash.toLowerCase(),
    line: `${String(block)},${transaction},${String(logIndex)},0x${from.slice(26)},0x${to.slice(26)},${value}\r\n`,
  };
}

type Fields = {
  readonly number: string;
  readonly transaction: string;
  readonly index: string;
  readonly topics: readonly unknown[];
  readonly data: string;
  readonly blockHash: string;
};

function fieldsOf(log: unknown, address: string): Fields {
  if (typeof log !== "object" || log === null) throw new BadLogError("a log is no object");
  if ("removed" in log && log.removed === true) throw new BadLogError("a log was removed by a reorganisation");
  const isWhole =
    "address" in log &&
    "blockNumber" in log &&
    "blockHash" in log &&
    "transactionHash" in log &&
    "logIndex" in log &&
    "topics" in log &&
    "data" in log;
  if (!isWhole) throw new BadLogError("a log lacks a field");
  const { address: from, blockNumber, blockHash, transactionHash, logIndex, topics, data } = log;
  if (typeof from !== "string" || from.toLowerCase() !== address.toLowerCase())
    throw new BadLogError("a log is of another contract");
  if (!isHex(blockNumber) || !isWord(blockHash) || !isWord(transactionHash) || !isHex(logIndex) || !isHex(data))
    throw new BadLogError("a field of a log is not hexadecimal, or not 32 bytes");
  if (!Array.isArray(topics)) throw new BadLogError("a log has no topics");
  return { number: blockNumber, transaction: transactionHash, index: logIndex, topics, data, blockHash };
}

function isHex(value: unknown): value is string {
  return typeof value === "string" && /^0x[0-9a-f]*$/iu.test(value);
}

/** 32 bytes. */
function isWord(value: unknown): value is string {
  return typeof value === "string" && /^0x[0-9a-f]{64}$/iu.test(value);
}

function isSorted(rows: readonly Row[]): boolean {
  return rows.every((row, at) => {
    const before = rows[at - 1];
    return before === undefined || inOrder(before, row) < 0;
  });
}

function inOrder(one: Row, other: Row): number {
  return one.block - other.block || one.index - other.index;
}

/** The endpoint contradicts what it was asked, or itself. */
export class BadLogError extends MetacoinError {
  override readonly code = "BAD_LOG";

  constructor(what: string) {
    super(`The endpoint's answer cannot be right: ${what}`, {
      hint: "Use another endpoint: RPC_URL=… npx hardhat etl run transfers",
    });
  }
}
