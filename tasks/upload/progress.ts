import { createRate, formatDuration } from "../../src/upload/rate.ts";
import { formatSize } from "../../src/upload/size.ts";

const width = 24;
/** Redrawn no more often than the eye can follow. */
const frameMs = 100;

/** A progress bar with rate and time left, for one file after the other. */
export function createBar({
  now,
  show,
}: {
  /** The time in milliseconds. */
  readonly now: () => number;
  readonly show: (text: string) => void;
}): (name: string, done: number, size: number) => void {
  let current = "";
  let rate = createRate(now);
  let drawnMs = Number.NEGATIVE_INFINITY;
  return (name, done, size) => {
    if (name !== current) rate = createRate(now);
    const due = name !== current || done === size || now() - drawnMs >= frameMs;
    current = name;
    rate.note(done);
    if (!due) return;
    drawnMs = now();
    show(renderBar({ name, done, size, perSecond: rate.perSecond() }));
  };
}

export function renderBar({
  name,
  done,
  size,
  perSecond,
}: {
  readonly name: string;
  readonly done: number;
  readonly size: number;
  readonly perSecond: number;
}): string {
  const part = size === 0 ? 1 : done / size;
  const full = Math.floor(width * part);
  const bar = `${"█".repeat(full)}${"░".repeat(width - full)}`;
  const amount = `${formatSize(done)} of ${formatSize(size)}`;
  const speed = perSecond > 0 ? [`${formatSize(perSecond)}/s`] : [];
  const left = perSecond > 0 && done < size ? [`${formatDuration((size - done) / perSecond)} left`] : [];
  return [name, bar, `${String(Math.floor(100 * part)).padStart(3)} %`, amount, ...speed, ...left].join("  ");
}
