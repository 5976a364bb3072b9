/** How fast something comes along, smoothed over a few seconds. */
export type Rate = {
  /** Notes how much is done by now, since the start of it all. */
  readonly note: (done: number) => void;
  readonly perSecond: () => number;
};

/** Older speed counts for less by 1/e every so many milliseconds. */
const memoryMs = 4000;
/** Two notes closer than this are one. */
const shortestMs = 200;

/** @param now the time in milliseconds. */
export function createRate(now: () => number): Rate {
  let last: { atMs: number; done: number } | undefined;
  let perSecond = 0;
  let weight = 0;
  return {
    note(done) {
      const atMs = now();
      if (last === undefined) {
        last = { atMs, done };
        return;
      }
      const passedMs = atMs - last.atMs;
      if (passedMs < shortestMs) return;
      const keep = Math.exp(-passedMs / memoryMs);
      const current = Math.max(0, (done - last.done) / (passedMs / 1000));
      // The weight of what was seen so far, so that the first seconds are not drawn towards zero.
      perSecond = (perSecond * weight * keep + current * (1 - keep)) / (weight * keep + (1 - keep));
      weight = weight * keep + (1 - keep);
      last = { atMs, done };
    },
    perSecond: () => perSecond,
  };
}

/** `"45.2 MiB/s, 12 s left"` needs a size; this is the second half: `"12 s"`, `"3 min"`, `"2 h 5 min"`. */
export function formatDuration(seconds: number): string {
  if (seconds < 60) return `${String(Math.max(1, Math.ceil(seconds)))} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${String(minutes)} min`;
  return `${String(Math.floor(minutes / 60))} h ${String(minutes % 60)} min`;
}
