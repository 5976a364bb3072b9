import type { Clock } from "./types.ts";

/**
 * A clock on which waiting takes no time: once nothing else is going on, it jumps to whoever wakes first.
 * For tests, and for dry runs of machines that wait for days.
 */
export class VirtualClock implements Clock {
  #nowMs: number;
  #sleepers: { readonly wakeMs: number; readonly wake: () => void }[] = [];
  #ticking = false;

  constructor(startMs = Date.UTC(2026, 0, 1)) {
    this.#nowMs = startMs;
  }

  readonly now = (): number => this.#nowMs;

  readonly sleep = async (ms: number, signal?: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      const sleeper = { wakeMs: this.#nowMs + Math.max(0, ms), wake: resolve };
      this.#sleepers.push(sleeper);
      signal?.addEventListener("abort", () => {
        this.#sleepers = this.#sleepers.filter((other) => other !== sleeper);
        resolve();
      });
      this.#tick();
    });

  #tick(): void {
    if (this.#ticking) return;
    this.#ticking = true;
    // After every microtask and every callback that is due, so that all work that can go on has gone on.
    setImmediate(() => {
      this.#ticking = false;
      const next = this.#sleepers.toSorted((left, right) => left.wakeMs - right.wakeMs)[0];
      if (next === undefined) return;
      this.#sleepers = this.#sleepers.filter((other) => other !== next);
      this.#nowMs = Math.max(this.#nowMs, next.wakeMs);
      next.wake();
      if (this.#sleepers.length > 0) this.#tick();
    });
  }
}
