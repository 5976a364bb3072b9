import * as z from "zod";

import { lengthOf, type Range } from "./refusal.ts";

const bounds = z.object({ good: z.number(), bad: z.number().nullable() });

/** What is known of an endpoint, as it is kept on disk. */
export const learnedSchema = z.object({
  /** Blocks a call: the most that was answered, the fewest that were refused. */
  blocks: bounds,
  /** Logs a call, the same way. */
  logs: bounds,
  /** `contract:from-to` of every range that was refused: it is never asked again. */
  refused: z.array(z.string()),
});

export type Learned = z.infer<typeof learnedSchema>;

export const nothingLearned: Learned = { blocks: { good: 0, bad: null }, logs: { good: 0, bad: null }, refused: [] };

/** How large the next range should be, from what the endpoint answered and refused so far. */
export type Limits = {
  /** Blocks that the next range may have at most. */
  readonly next: () => number;
  /** Whether asking so many blocks would teach something; one such call at a time is enough. */
  readonly isProbe: (blocks: number) => boolean;
  readonly answered: (range: Range, logs: number) => void;
  /** @param told the most blocks that the endpoint takes, where it said so. */
  readonly refusedForBlocks: (range: Range, told?: number) => void;
  /** @param told the most logs that the endpoint gives, where it said so. */
  readonly refusedForLogs: (range: Range, told?: number) => void;
  /** The endpoint proposed a length. */
  readonly proposed: (range: Range, blocks: number, told?: number) => void;
  /** Shortens a range until it holds none that was refused. */
  readonly avoidRefused: (range: Range) => Range;
  /** Logs a block, as the latest answers had them; `undefined` before the first one. */
  readonly density: () => number | undefined;
  readonly learned: () => Learned;
};

const firstBlocks = 10_000;
const mostBlocks = 250_000;
/** Bounds the memory of one answer: about 7 MB of JSON. */
const mostLogs = 10_000;
/** Close enough: a finer limit costs more refusals than it saves calls. */
const fine = 1.04;
/**
 * Room for blocks that hold more logs than the ones before: two standard deviations of what came against what was
 * expected, where a refusal costs about as much as it saves. Below `least` smaller ranges cost more than refusals.
 */
const room = { most: 0.97, least: 0.8, deviations: 2 } as const;
/** Weight of the latest answer: little where it is as expected, half where it is far off, since a burst has begun. */
const weight = { usual: 0.15, surprise: 0.5, variance: 0.1, isFarOff: 0.25 } as const;
/** A refused range is asked again without this part of it; the next refusal halves. */
const cutOff = 0.15;

/** @param contract tells the refused ranges of one contract from those of another. */
export function createLimits(contract: string, known: Learned = nothingLearned): Limits {
  const blocks = { ...known.blocks };
  const logs = { ...known.logs };
  const refused = new Set(known.refused);
  const refusedHere = known.refused.filter((key) => key.startsWith(`${contract}:`)).map(rangeOf);
  let density = 0;
  let answers = 0;
  let variance = 0;

  const refuse = (range: Range) => {
    refused.add(`${contract}:${String(range.from)}-${String(range.to)}`);
    refusedHere.push(range);
  };
  const blocksNow = () => {
    if (blocks.bad === null) return Math.max(firstBlocks, Math.min(mostBlocks, blocks.good * 4));
    return isSettled(blocks) ? blocks.good : Math.floor((blocks.good + blocks.bad) / 2);
  };
  const logsNow = () => {
    const margin = Math.min(room.most, Math.max(room.least, 1 - room.deviations * Math.sqrt(variance)));
    if (logs.bad === null) return mostLogs * margin;
    return Math.min(mostLogs, isSettled(logs) ? logs.good * margin : (logs.good + logs.bad) / 2);
  };
  /** How far what came was off what was expected, as a part of it. */
  const note = (off: number) => {
    variance += weight.variance * (Math.min(1, off * off) - variance);
  };
  const next = () => Math.max(1, Math.floor(Math.min(blocksNow(), density === 0 ? Infinity : logsNow() / density)));

  return {
    next,
    isProbe: (length) =>
      answers === 0 ||
      (blocks.bad === null ? length > Math.max(blocks.good, firstBlocks) : length > blocks.good) ||
      (logs.bad !== null && !isSettled(logs) && density * length > logs.good),
    answered(range, count) {
      answers += 1;
      const length = lengthOf(range);
      raise(blocks, length);
      raise(logs, count);
      const off = density === 0 ? 1 : count / length / density - 1;
      if (answers > 1) note(off);
      const share = answers === 1 ? 1 : Math.abs(off) > weight.isFarOff ? weight.surprise : weight.usual;
      density += share * (count / length - density);
    },
    refusedForBlocks(range, told) {
      refuse(range);
      const bad = Math.min(blocks.bad ?? Infinity, lengthOf(range), told === undefined ? Infinity : told + 1);
      blocks.bad = bad;
      blocks.good = Math.min(told ?? blocks.good, bad - 1);
    },
    refusedForLogs(range, told) {
      // A part of what was refused before is refused again: its blocks hold more than was thought.
      const isBurst = answers === 0 || refusedHere.some(({ from, to }) => from <= range.from && range.to <= to);
      refuse(range);
      const expected = density * lengthOf(range);
      if (told !== undefined) Object.assign(logs, { good: told, bad: told + 1 });
      else if (answers > 0 && expected > logs.good) logs.bad = Math.min(logs.bad ?? Infinity, expected);
      if (answers > 0 && expected <= logs.good) note(logs.good / Math.max(expected, 1) - 1);
      if (isBurst && logsNow() / Math.max(density, 1e-9) >= lengthOf(range) * 0.9)
        density = ((answers === 0 ? 2 : 1.5) * logsNow()) / lengthOf(range);
    },
    proposed(range, length, told) {
      refuse(range);
      if (told === undefined) {
        blocks.bad = Math.min(blocks.bad ?? Infinity, lengthOf(range));
        blocks.good = Math.min(Math.max(blocks.good, length), blocks.bad - 1);
      } else {
        Object.assign(logs, { good: told, bad: told + 1 });
        density = logsNow() / length;
      }
    },
    avoidRefused(range) {
      const held = refusedHere.find(({ from, to }) => from >= range.from && to <= range.to);
      if (held === undefined) return range;
      return this.avoidRefused({ from: range.from, to: held.to - Math.ceil(lengthOf(held) * cutOff) });
    },
    density: () => (answers === 0 ? undefined : density),
    learned: () => ({ blocks: { ...blocks }, logs: { ...logs }, refused: [...refused] }),
  };
}

type Bounds = Learned["blocks"];

function isSettled({ good, bad }: Bounds): boolean {
  return bad === null || bad - 1 <= good * fine;
}

function raise(bounds: Bounds, seen: number): void {
  bounds.good = Math.max(bounds.good, seen);
  if (bounds.bad !== null && bounds.bad <= bounds.good) bounds.bad = null;
}

function rangeOf(key: string): Range {
  const [from, to] = key.slice(key.indexOf(":") + 1).split("-");
  return { from: Number(from), to: Number(to) };
}

/** What two processes learned of one endpoint. */
export function mergeLearned(one: Learned, other: Learned): Learned {
  return {
    blocks: tighter(one.blocks, other.blocks),
    logs: tighter(one.logs, other.logs),
    refused: [...new Set([...one.refused, ...other.refused])],
  };
}

function tighter(one: Bounds, other: Bounds): Bounds {
  const bad = Math.min(one.bad ?? Infinity, other.bad ?? Infinity);
  const good = Math.min(Math.max(one.good, other.good), bad - 1);
  return { good, bad: bad === Infinity ? null : bad };
}
