import { setTimeout as sleep } from "node:timers/promises";

import { RefusedError, UnreachableError } from "./client-http.ts";

/** How a client waits out a server that restarts. */
export type Patience = {
  /** Waits before the next try, longer each time. @throws the failure itself where another try cannot help. */
  readonly wait: (failure: unknown) => Promise<void>;
  /** Something went well: the next failure is the first again. */
  readonly progress: () => void;
};

export type PatienceOptions = {
  /** Without any progress for this long, it gives up; milliseconds. */
  readonly patienceMs: number;
  readonly onWait?: (failure: Error, pauseMs: number) => void;
  readonly signal?: AbortSignal | undefined;
};

const firstPauseMs = 250;
const longestPauseMs = 10_000;
/** Broken off, too early, too much, damaged on the way, or nobody there behind a proxy. */
const passing = new Set([408, 425, 429, 460, 502, 503, 504]);

export function createPatience({ patienceMs, onWait, signal }: PatienceOptions): Patience {
  let failures = 0;
  let sinceMs: number | undefined;
  return {
    async wait(failure) {
      const passes =
        failure instanceof UnreachableError || (failure instanceof RefusedError && passing.has(failure.status));
      sinceMs ??= performance.now();
      if (!passes || performance.now() - sinceMs >= patienceMs) throw failure;
      // Half of it is chance, so that many clients do not come back at once.
      const pauseMs = Math.min(longestPauseMs, firstPauseMs * 2 ** failures) * (0.5 + Math.random() / 2);
      failures += 1;
      onWait?.(failure, pauseMs);
      await sleep(pauseMs, undefined, signal === undefined ? {} : { signal }).catch((error: unknown) => {
        signal?.throwIfAborted();
        throw error;
      });
    },
    progress() {
      failures = 0;
      sinceMs = undefined;
    },
  };
}
