import { createRate, formatDuration } from "../../src/upload/rate.ts";
import { formatSize } from "../../src/upload/size.ts";

const width = 24;

/** A progress bar with rate and time left, for a file after the other. */
export function createBar(now: () => number): (name: string, done: number, size: number) => string {
  let current = "";
  let rate = createRate(now);
  return (name, done, size) => {
    if (name !== current) rate = createRate(now);
    current = name;
    rate.note(done);
    return renderBar({ name, done, size, perSecond: rate.perSecond() });
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
