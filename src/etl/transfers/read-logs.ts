import { MetacoinError } from "../../errors.ts";
import { toQuantity } from "../../rpc/quantity.ts";

import type { Limits } from "./limits.ts";
import { lengthOf, reactTo, type Range, type Reaction } from "./refusal.ts";
import { RpcError, type Request } from "./request.ts";

export type ReadLogsOptions = {
  readonly request: Request;
  readonly address: string;
  readonly topic: string;
  /** What is to be read, ascending and apart. */
  readonly gaps: readonly Range[];
  readonly limits: Limits;
  /** Ranges asked at the same time (4), and taken in at the same time. */
  readonly inFlight?: number;
  readonly sleep: (ms: number) => Promise<void>;
  readonly random?: () => number;
  /** Takes the logs of one range, while others are asked for. */
  readonly onLogs: (range: Range, logs: readonly unknown[]) => Promise<void>;
  /** After each refusal, before anything is asked again: what was learned goes to disk here. */
  readonly onRefusal?: (range: Range) => Promise<void>;
};

const patience = 8;
/** The first range of an unknown contract: a block may hold thousands of logs. */
const firstBlocks = 100;
/** Logs expected in all answers together: bounds the memory, about 1.5 KB a log. */
const logsInFlight = 12_000;

/**
 * Reads all logs of the gaps with a bounded number of ranges in flight.
 *
 * A refused range is cut, in halves or as the endpoint says, and never asked again; a busy endpoint is given time.
 *
 * @throws {BlockRefusedError} where one block alone is too much, {@link RpcError} where an error is no matter of size.
 */
export async function readLogs(options: ReadLogsOptions): Promise<void> {
  const { limits, onLogs, inFlight = 4 } = options;
  const todo = [...options.gaps];
  const asked = new Set<Promise<void>>();
  const handed = new Set<Promise<void>>();
  let probing = false;
  let expected = 0;
  const failures: unknown[] = [];

  const track = (work: Promise<void>, among: Set<Promise<void>>) => {
    const tracked = work
      .catch((error: unknown) => failures.push(error))
      .then(() => {
        among.delete(tracked);
      });
    among.add(tracked);
  };
  const launch = async (range: Range, isProbe: boolean, share: number) => {
    probing ||= isProbe;
    expected += share;
    const logs = await readRange(range, options).finally(() => {
      if (isProbe) probing = false;
      expected -= share;
    });
    if (logs === undefined) return putBack(todo, range);
    // The lane asks on while these logs are taken in; nothing here holds on to them.
    const count = logs.length;
    expected += count;
    track(
      onLogs(range, logs).finally(() => {
        expected -= count;
      }),
      handed,
    );
  };

  while (failures.length === 0 && (todo.length > 0 || asked.size > 0)) {
    const blocks = shareOf(todo, limits, inFlight);
    const isProbe = limits.isProbe(blocks);
    const share = blocks * (limits.density() ?? 0);
    const isFull =
      Math.max(asked.size, handed.size) >= inFlight ||
      (asked.size + handed.size > 0 && expected + share > logsInFlight);
    const wait = todo.length === 0 || isFull || probing || (isProbe && asked.size > 0);
    if (wait) await Promise.race([...asked, ...handed]);
    else track(launch(cutNext(todo, blocks, limits), isProbe, share), asked);
  }
  // Each of the first may still add one to the second.
  await Promise.all(asked);
  await Promise.all(handed);
  if (failures.length > 0) throw failures[0];
}

/** The next range's length. Near the end the rest is shared among the lanes, where each share is worth a call. */
function shareOf(todo: readonly Range[], limits: Limits, inFlight: number): number {
  const worthACall = 2_000;
  const rest = todo.reduce((sum, range) => sum + lengthOf(range), 0);
  const density = limits.density();
  if (density === undefined) return Math.min(limits.next(), firstBlocks, Math.max(1, Math.ceil(rest / 16)));
  const share = Math.max(Math.ceil(rest / (2 * inFlight)), Math.ceil(worthACall / density));
  return Math.min(limits.next(), share);
}

/** Takes the next range off the front, never one that holds a refused one. */
function cutNext(todo: Range[], blocks: number, limits: Limits): Range {
  const gap = todo.shift();
  if (gap === undefined) throw new RangeError("nothing is left to read");
  const range = limits.avoidRefused({ from: gap.from, to: Math.min(gap.to, gap.from + blocks - 1) });
  if (range.to < gap.to) todo.unshift({ from: range.to + 1, to: gap.to });
  return range;
}

/** @returns nothing where the range was refused and is still to be read, in smaller ones. */
async function readRange(range: Range, options: ReadLogsOptions): Promise<readonly unknown[] | undefined> {
  const { request, address, topic, limits, onRefusal } = options;
  const filter = { address, topics: [topic], fromBlock: toQuantity(range.from), toBlock: toQuantity(range.to) };
  for (let attempt = 0; ; attempt += 1) {
    try {
      const logs = await request("eth_getLogs", [filter]);
      if (!Array.isArray(logs)) throw new RpcError({ message: "eth_getLogs answered no list" });
      limits.answered(range, logs.length);
      return logs;
    } catch (error) {
      const reaction = error instanceof RpcError ? reactTo(error.refusal, range) : undefined;
      if (reaction === undefined) throw error;
      if (reaction.action === "backoff" || reaction.action === "retry-later") {
        if (attempt + 1 >= patience) throw error;
        await pause(attempt, options);
        continue;
      }
      if (lengthOf(range) === 1) throw new BlockRefusedError(range.from, error);
      learn(reaction, range, limits);
      await onRefusal?.(range);
      return undefined;
    }
  }
}

type Cut = Exclude<Reaction, { readonly action: "backoff" | "retry-later" }>;

function learn(reaction: Cut, range: Range, limits: Limits): void {
  switch (reaction.action) {
    case "cap":
      limits.refusedForBlocks(range, reaction.maxRange);
      break;
    case "use-range": {
      const blocks = lengthOf(reaction.range);
      if (blocks < lengthOf(range)) limits.proposed(range, blocks, reaction.maxResults);
      else limits.refusedForLogs(range, reaction.maxResults);
      break;
    }
    case "split":
      if (reaction.reason === "range") limits.refusedForBlocks(range);
      else limits.refusedForLogs(range, reaction.maxResults);
      break;
  }
}

/** Exponential, with jitter: 0.25 s, 0.5 s, … at most 10 s. */
async function pause(attempt: number, { sleep, random = Math.random }: ReadLogsOptions): Promise<void> {
  const longest = Math.min(10_000, 250 * 2 ** attempt);
  await sleep(longest / 2 + (random() * longest) / 2);
}

/** Back among what is to be read, joined with its neighbours. */
function putBack(todo: Range[], range: Range): void {
  const sorted = [...todo, range].sort((one, other) => one.from - other.from);
  const joined: Range[] = [];
  for (const { from, to } of sorted) {
    const last = joined.at(-1);
    if (last !== undefined && last.to + 1 === from) joined.splice(-1, 1, { from: last.from, to });
    else joined.push({ from, to });
  }
  todo.splice(0, todo.length, ...joined);
}

export class BlockRefusedError extends MetacoinError {
  override readonly code = "BLOCK_REFUSED";

  constructor(block: number, cause: unknown) {
    super(`The endpoint refuses the logs of block ${String(block)} alone: no range is smaller`, {
      hint: "Use another endpoint: RPC_URL=… npx hardhat etl run transfers",
      cause,
    });
  }
}
