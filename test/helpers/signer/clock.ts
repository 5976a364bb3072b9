import type { Clock } from "../../../src/signer/keyring.ts";

/** A clock that stands still until it is moved. */
export function createTestClock(): Clock & {
  /** Moves time and runs what is due. */
  advance(ms: number): void;
  /** Moves time as a machine that sleeps does: timers do not fire. */
  sleep(ms: number): void;
} {
  let now = 0;
  let timers: { readonly at: number; readonly task: () => void }[] = [];
  return {
    now: () => now,
    after(ms, task) {
      const timer = { at: now + ms, task };
      timers.push(timer);
      return () => {
        timers = timers.filter((other) => other !== timer);
      };
    },
    advance(ms) {
      now += ms;
      const due = timers.filter(({ at }) => at <= now);
      timers = timers.filter(({ at }) => at > now);
      for (const { task } of due) task();
    },
    sleep(ms) {
      now += ms;
    },
  };
}
