import { setTimeout as sleep } from "node:timers/promises";

/** Time as a parameter, so that what runs on a clock can be tested without waiting. */
export type Clock = {
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** @throws the reason of `signal` when it is aborted. */
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
};

export const systemClock: Clock = {
  now: () => Date.now(),
  async sleep(ms, signal) {
    await sleep(ms, undefined, signal === undefined ? {} : { signal }).catch((error: unknown) => {
      signal?.throwIfAborted();
      throw error;
    });
  },
};

const firstWaitMs = 100;
const longestWaitMs = 5_000;

/**
 * How long to wait before the next attempt: exponential with full jitter, never less than the server asked for.
 *
 * @param attempt how many attempts have failed before this one, from 0.
 */
export function backoffMs(attempt: number, retryAfterMs: number | undefined, random: () => number): number {
  const jittered = random() * Math.min(longestWaitMs, firstWaitMs * 2 ** attempt);
  return Math.max(jittered, retryAfterMs ?? 0);
}
