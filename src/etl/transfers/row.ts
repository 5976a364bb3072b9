import { MetacoinError } from "../../errors.ts";

import { transferTopic } from "./job.ts";
import type { Range } from "./refusal.ts";

/** The columns of every format, in order. */
export const columns = ["block", "transaction", "logIndex", "from", "to", "value"] as const;

/** A log as a CSV line, and what tells whether it is where it says it is. */
type Row = {
  readonly block: number;
  readonly index: number;
  readonly blockHash: string;
  readonly transaction: string;
  readonly line: string;
};

/**
 * The rows of a range as CSV lines, sorted by block and index.
 *
 * All cells are digits or hexadecimal, so nothing is quoted and no cell can be a formula.
 *
 * @throws {BadLogError} for a log that the filter did not ask for, or that the chain took back.
 */
export function rowsOf(logs: readonly unknown[], range: Range, address: string): readonly Row[] {
  const rows: Row[] = [];
  for (const log of logs) rows.push(rowOf(log, range, address, rows.at(-1)));
  rows.sort(inOrder);
  for (let at = 1; at < rows.length; at += 1) checkNeighbours(rows[at - 1], rows[at]);
  return rows;
}

function checkNeighbours(before: Row | undefined, row: Row | undefined): void {
  if (before === undefined || row === undefined || before.block !== row.block) return;
  const isTwice = before.index === row.index;
  if (!isTwice && before.blockHash === row.blockHash) return;
  const place = `log ${String(row.index)} of block ${String(row.block)}`;
  throw new BadLogError(isTwice ? `${place} is there twice` : `${place} is in another block than the one before it`);
}

/** @param before the row made last: most logs share its block, many its transaction, and what was checked once is right. */
function rowOf(log: unknown, range: Range, address: string, before: Row | undefined): Row {
  const { blockNumber, blockHash, transactionHash, logIndex, topics, data } = fieldsOf(log, address);
  const [topic, from, to, ...more] = topics;
  if (topic !== transferTopic || !isWord(from) || !isWord(to) || !isWord(data) || more.length > 0)
    throw new BadLogError("a log is no Transfer with two indexed addresses and a value");
  if (!isWord(blockHash, before?.blockHash) || !isWord(transactionHash, before?.transaction))
    throw new BadLogError("a hash of a log is not 32 bytes of hexadecimal");
  const block = numberOf(blockNumber);
  const index = numberOf(logIndex);
  if (!(block >= range.from && block <= range.to))
    throw new BadLogError(`a log of block ${String(block)} is outside ${String(range.from)}–${String(range.to)}`);
  const value = BigInt(data).toString();
  return {
    block,
    index,
    blockHash: blockHash.toLowerCase(),
    transaction: transactionHash,
    line: `${String(block)},${transactionHash},${String(index)},0x${from.slice(26)},0x${to.slice(26)},${value}\r\n`,
  };
}

type Fields = Readonly<Record<"blockNumber" | "blockHash" | "transactionHash" | "logIndex" | "data", unknown>> & {
  readonly topics: readonly unknown[];
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
  if (typeof from !== "string" || (from !== address && from.toLowerCase() !== address.toLowerCase()))
    throw new BadLogError("a log is of another contract");
  if (!Array.isArray(topics)) throw new BadLogError("a log has no topics");
  return { blockNumber, blockHash, transactionHash, logIndex, topics, data };
}

function numberOf(value: unknown): number {
  const number = typeof value === "string" && value.startsWith("0x") ? Number(value) : NaN;
  if (!Number.isSafeInteger(number)) throw new BadLogError("the block or the index of a log is no number");
  return number;
}

/** 32 bytes. */
function isWord(value: unknown, known?: string): value is string {
  if (value === known) return known !== undefined;
  return typeof value === "string" && value.length === 66 && /^0x[0-9a-fA-F]+$/u.test(value);
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
