import type { HistoryEvent, ResumePoint } from "./types.ts";

/** Where a failed execution goes on, read from its history; `undefined` where it did not fail in a state. */
export function resumePoint(_history: readonly HistoryEvent[]): ResumePoint | undefined {
  return undefined;
}
