import type { Range } from "./core.ts";

/** A set of bytes as half-open ranges, ascending and apart. */
export type RangeSet = {
  readonly list: () => readonly Range[];
  readonly total: () => number;
  /** Where the bytes from 0 on end. */
  readonly frontier: () => number;
  readonly add: (range: Range) => void;
  /** The pieces of `range`, in order, each wholly in the set or wholly out. */
  readonly split: (range: Range) => readonly { readonly range: Range; readonly covered: boolean }[];
  /** What `[0, size)` lacks. */
  readonly missing: (size: number) => readonly Range[];
};

export function createRangeSet(initial: readonly Range[] = []): RangeSet {
  const ranges: Range[] = [];
  let total = 0;

  /** The first range that ends at or after `position`. */
  const indexAt = (position: number): number => {
    let [low, high] = [0, ranges.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((ranges[middle]?.[1] ?? Infinity) < position) low = middle + 1;
      else high = middle;
    }
    return low;
  };

  const add = ([start, end]: Range): void => {
    if (end <= start) return;
    const from = indexAt(start);
    let [to, low, high] = [from, start, end];
    for (let next = ranges[to]; next !== undefined && next[0] <= end; next = ranges[to]) {
      low = Math.min(low, next[0]);
      high = Math.max(high, next[1]);
      total -= next[1] - next[0];
      to += 1;
    }
    ranges.splice(from, to - from, [low, high]);
    total += high - low;
  };

  const split = ([start, end]: Range) => {
    const pieces: { range: Range; covered: boolean }[] = [];
    let position = start;
    const piece = (to: number, covered: boolean) => {
      if (to > position) pieces.push({ range: [position, to], covered });
      position = Math.max(position, to);
    };
    const from = indexAt(start);
    for (let at = from, next = ranges[from]; next !== undefined && next[0] < end; at += 1, next = ranges[at]) {
      piece(Math.min(end, next[0]), false);
      piece(Math.min(end, next[1]), true);
    }
    piece(end, false);
    return pieces;
  };

  for (const range of initial) add(range);
  return {
    list: () => [...ranges],
    total: () => total,
    frontier: () => (ranges[0]?.[0] === 0 ? ranges[0][1] : 0),
    add,
    split,
    missing: (size) =>
      split([0, size])
        .filter(({ covered }) => !covered)
        .map(({ range }) => range),
  };
}
