import { MetacoinError } from "../../errors.ts";

import type { Rung } from "./job.ts";
import { lengthOf, type Range } from "./refusal.ts";

/** The rows of one range, kept under a name that says all about it. */
export type Part = Range & {
  readonly name: string;
  readonly rows: number;
  /** The part is right for as long as the chain has this block. */
  readonly rung: Rung;
};

/** `…/0000000017-0000001016-42-0000002000-0x….csv` */
export function partName(folder: string, { from, to }: Range, rows: number, rung: Rung): string {
  return `${folder}${[wide(from), wide(to), String(rows), wide(rung.number), rung.hash].join("-")}.csv`;
}

/** Reads the name back; `undefined` for anything else in the folder. */
export function parsePart(name: string): Part | undefined {
  const [, from, to, rows, number, hash] = /(\d+)-(\d+)-(\d+)-(\d+)-(0x[0-9a-f]{64})\.csv$/u.exec(name) ?? [];
  if (hash === undefined) return undefined;
  return { name, from: Number(from), to: Number(to), rows: Number(rows), rung: { number: Number(number), hash } };
}

/** What of `whole` no part covers. */
export function gapsOf(parts: readonly Range[], whole: Range): Range[] {
  const gaps: Range[] = [];
  let from = whole.from;
  for (const part of [...parts].sort((one, other) => one.from - other.from)) {
    if (part.to < from || part.from > whole.to) continue;
    if (part.from > from) gaps.push({ from, to: part.from - 1 });
    from = part.to + 1;
  }
  if (from <= whole.to) gaps.push({ from, to: whole.to });
  return gaps;
}

/** Cuts what is to be read into pieces of at most `blocks`, a piece a worker. */
export function cut(gaps: readonly Range[], blocks: number): Range[] {
  return gaps.flatMap((gap) =>
    Array.from({ length: Math.ceil(lengthOf(gap) / blocks) }, (_, at) => ({
      from: gap.from + at * blocks,
      to: Math.min(gap.to, gap.from + (at + 1) * blocks - 1),
    })),
  );
}

/** The lowest block known by its hash that is not below the part: the less often it is replaced, the longer the part lasts. */
export function rungFor({ to }: Range, rungs: readonly Rung[]): Rung {
  const rung = rungs.findLast(({ number }) => number >= to);
  if (rung === undefined) throw new NoRungError(`No block at or above ${String(to)} is known by its hash`);
  return rung;
}

/** The last block, and blocks 1, 2, 4, 8, … below it. */
export function rungNumbers({ from, to }: Range): number[] {
  const numbers = [to];
  for (let below = 1; to - below >= from; below *= 2) numbers.push(to - below);
  return numbers;
}

function wide(number: number): string {
  return String(number).padStart(10, "0");
}

class NoRungError extends MetacoinError {
  override readonly code = "NO_RUNG";
}
