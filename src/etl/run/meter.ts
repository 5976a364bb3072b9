import type { HandlerProgress } from "../handler.ts";

/** Rows, rows a second and the time that is left, from what handlers report. */
export type Meter = {
  readonly update: (state: string, progress: HandlerProgress) => string;
};

/** @param now milliseconds; a state's clock starts with its first report. */
export function createMeter(now: () => number): Meter {
  const states = new Map<string, { readonly startedAt: number; readonly first: HandlerProgress }>();
  return {
    update(state, progress) {
      const known = states.get(state) ?? { startedAt: now(), first: progress };
      states.set(state, known);
      const seconds = (now() - known.startedAt) / 1000;
      const rows = progress.rows - known.first.rows;
      const done = progress.done - known.first.done;
      const rate = seconds > 0 ? rows / seconds : 0;
      const left = done > 0 ? ((progress.total - progress.done) / done) * seconds : undefined;
      return [
        state,
        `${progress.rows.toLocaleString("en")} rows`,
        ...(rate > 0 ? [`${Math.round(rate).toLocaleString("en")} rows/s`] : []),
        `${String(Math.floor((progress.done / Math.max(1, progress.total)) * 100))} %`,
        ...(left === undefined ? [] : [`ETA ${String(Math.ceil(left))} s`]),
      ].join("  ");
    },
  };
}
