import { crc32 } from "node:zlib";

import type { RangeRow } from "./catalogue-uploads.ts";
import { MiB } from "./protocol.ts";

/** A row of ranges grows with what is appended to it until here: one damaged byte costs no more. */
const rowLimit = 64 * MiB;

/** End of a row → where it starts, and its crc32. */
export type Tails = ReadonlyMap<number, { readonly start: number; readonly crc: number }>;

/** The row that bytes from `position` on make longer, or a new one. */
export function rowAt(position: number, tails: Tails): { readonly start: number; readonly crc: number } {
  const before = tails.get(position);
  return before !== undefined && position - before.start < rowLimit ? before : { start: position, crc: 0 };
}

/**
 * The crc32 of a hold's bytes, taken as they arrive: a MiB later, when they are written, the processor has lost sight
 * of them, and it costs more than twice as much.
 */
export function createArriving(
  position: number,
  tails: Tails,
): {
  readonly take: (bytes: Buffer) => void;
  /** The row of all that arrived; undefined where that is not just what ends at `end`, and from then on. */
  readonly rowTo: (end: number) => RangeRow | undefined;
  /** Not all that arrived is new. */
  readonly giveUp: () => void;
} {
  let row: { readonly start: number; readonly crc: number } | undefined;
  let arrived = position;
  let known = true;
  return {
    take: (bytes) => {
      if (!known) return;
      const { start, crc } = row ?? rowAt(arrived, tails);
      row = { start, crc: crc32(bytes, crc) };
      arrived += bytes.length;
    },
    rowTo: (end) => {
      known &&= arrived === end && row !== undefined;
      if (!known || row === undefined) return undefined;
      const { start, crc } = row;
      if (arrived - start >= rowLimit) row = { start: arrived, crc: 0 };
      return { range: [start, arrived], crc };
    },
    giveUp: () => {
      known = false;
    },
  };
}
