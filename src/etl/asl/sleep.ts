import type { Branch } from "./execution.ts";
import { StoppedError } from "./failure.ts";
import type { Clock } from "./types.ts";

/** Timers of Node and browsers fire at once when they are set for longer. */
const longestTimerMs = 2_147_483_647;

/** Waits until a time of the clock, however far; returns early when the signal aborts. */
export async function sleepUntil(clock: Clock, untilMs: number, signal: AbortSignal): Promise<void> {
  for (let left = untilMs - clock.now(); left > 0 && !signal.aborted; left = untilMs - clock.now()) {
    try {
      await clock.sleep(Math.min(left, longestTimerMs), signal);
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }
}

/**
 * Lets the clock pass.
 *
 * @throws {StoppedError} when the branch is stopped meanwhile
 */
export async function sleep({ execution, cancellation }: Branch, ms: number): Promise<void> {
  const { clock } = execution.options;
  await sleepUntil(clock, clock.now() + ms, cancellation.signal);
  if (cancellation.cancelled) throw new StoppedError("stopped");
}
