import { MetacoinError } from "../../errors.ts";
import { readQuantity } from "../../rpc/quantity.ts";
import { parseEvent } from "../fault.ts";
import type { HandlerContext } from "../handler.ts";

import { connect, readHeader } from "./chain.ts";
import { folderOf, inputSchema, type Job, type Rung } from "./job.ts";
import { cut, gapsOf, parsePart, type Part, rungNumbers } from "./part.ts";
import { lengthOf, type Range } from "./refusal.ts";
import type { Request } from "./request.ts";

/** At most so many workers' worth of blocks, and never pieces that are not worth a worker. */
const mostPieces = 400;
const worthAWorker = 50_000;

/** Fixes the last block, drops what a reorganisation replaced, and says what is still to be read. */
export async function handler(
  event: unknown,
  context: HandlerContext,
): Promise<{ readonly job: Job; readonly pieces: readonly Range[] }> {
  const input = parseEvent(inputSchema, event);
  const { request } = connect(context);
  const [chainId, head] = await Promise.all([
    numberFrom(request, "eth_chainId"),
    numberFrom(request, "eth_blockNumber"),
  ]);
  if (input.chainId !== undefined && input.chainId !== chainId)
    throw new WrongChainError(
      `The endpoint serves chain ${String(chainId)}; the record is of ${String(input.chainId)}`,
    );
  const to = input.toBlock ?? head - input.confirmations;
  const whole = { from: input.fromBlock, to };
  if (to > head) throw new HeadBehindError(`Block ${String(to)} is asked for; the endpoint's head is ${String(head)}`);
  if (lengthOf(whole) < 1)
    throw new NothingYetError(
      `Nothing to read yet: the first block is ${String(whole.from)}, the last one ${String(to)} (the head ${String(head)}, less ${String(input.confirmations)} confirmations)`,
    );
  const { address, confirmations, format } = input;
  const rungs = await climb(request, whole);
  const job = { chainId, address: address.toLowerCase(), ...whole, confirmations, format, rungs };
  const parts = await keepCanonical(job, request, context);
  const gaps = gapsOf(parts, whole);
  const blocks = gaps.reduce((sum, gap) => sum + lengthOf(gap), 0);
  return { job, pieces: cut(gaps, Math.max(worthAWorker, Math.ceil(blocks / mostPieces))) };
}

/** The hashes of the last block and of blocks ever further below it, seen before any log is read. */
async function climb(request: Request, whole: Range): Promise<Rung[]> {
  const headers = await Promise.all(rungNumbers(whole).map((number) => readHeader(request, number)));
  const rungs: Rung[] = headers.map((header) => {
    if (header === undefined) throw new HeadBehindError("A block below the head is unknown to the endpoint");
    return { number: header.number, hash: header.hash };
  });
  const [top, below] = headers;
  if (top !== undefined && below !== undefined && top.parentHash !== below.hash)
    throw new HeadBehindError(
      `Block ${String(top.number)} is not the child of block ${String(below.number)}: the chain is reorganising`,
    );
  return rungs;
}

/**
 * Removes the parts whose rung the chain no longer has.
 *
 * Each plan leaves canonical parts only, so below a rung that is still there everything is.
 */
async function keepCanonical(job: Job, request: Request, { store }: HandlerContext): Promise<readonly Part[]> {
  const names = await store.list(folderOf(job));
  const parts = names.map(parsePart).filter((part) => part !== undefined);
  const rungs = new Map(parts.map(({ rung }) => [rung.hash, rung]));
  const replaced = new Set<string>();
  for (const rung of [...rungs.values()].sort((one, other) => other.number - one.number)) {
    const header = await readHeader(request, rung.number);
    if (header?.hash === rung.hash) break;
    replaced.add(rung.hash);
  }
  const stale = parts.filter(({ rung }) => replaced.has(rung.hash));
  await Promise.all(stale.map(({ name }) => store.remove(name)));
  return parts.filter(({ rung }) => !replaced.has(rung.hash));
}

async function numberFrom(request: Request, method: string): Promise<number> {
  return Number(readQuantity(await request(method, []), `the answer to ${method}`));
}

/** The chain is not there yet: worth another try. */
export class HeadBehindError extends MetacoinError {
  override readonly code = "HEAD_BEHIND";
}

/** Waiting seconds mends nothing: Retry does not name it. */
export class NothingYetError extends MetacoinError {
  override readonly code = "NOTHING_YET";
}

export class WrongChainError extends MetacoinError {
  override readonly code = "WRONG_CHAIN";
}
