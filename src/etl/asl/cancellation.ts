import { StoppedError } from "./failure.ts";

/** What history tells of the states that a cancellation cuts short. */
export type Cut = {
  /** They follow the last event of what failed. */
  readonly lastEventId?: number;
  /** AWS tells nothing of them where the time ran out, or where a States.Runtime ends everything. */
  readonly isSilent?: boolean;
};

/**
 * A stop signal that costs nothing until someone listens:
 * an AbortController for every task of a Map over 10,000 items would cost more than the items.
 */
export class Cancellation {
  #cancelled = false;
  #cut: Cut | undefined;
  #controller: AbortController | undefined;
  #listeners: Set<() => void> | undefined;

  get cancelled(): boolean {
    return this.#cancelled;
  }

  /** The same, for code that wants a standard signal. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#cancelled) this.#controller.abort();
    }
    return this.#controller.signal;
  }

  /** Why it was cancelled, where another branch was the reason or nothing is to be told of it. */
  get cut(): Cut | undefined {
    return this.#cut;
  }

  cancel(cut?: Cut): void {
    if (this.#cancelled) return;
    this.#cancelled = true;
    this.#cut = cut;
    this.#controller?.abort();
    const listeners = this.#listeners;
    this.#listeners = undefined;
    for (const listener of listeners ?? []) listener();
  }

  /** Calls back once, at the cancellation; the answer takes the listener away. */
  onCancel(listener: () => void): () => void {
    if (this.#cancelled) {
      listener();
      return () => undefined;
    }
    const listeners = (this.#listeners ??= new Set());
    listeners.add(listener);
    return () => listeners.delete(listener);
  }

  /** @throws {StoppedError} once cancelled. */
  check(): void {
    if (this.#cancelled) throw new StoppedError("stopped");
  }

  /** Waits for the work, or rejects with {@link StoppedError} as soon as this is cancelled. */
  async guard<Result>(work: Promise<Result>): Promise<Result> {
    this.check();
    return new Promise((resolve, reject) => {
      const release = this.onCancel(() => reject(new StoppedError("stopped")));
      work.then(resolve, reject).finally(release);
    });
  }

  /** One that is cancelled with this; call `release` when its work is done. */
  child(): { readonly cancellation: Cancellation; readonly release: () => void } {
    const cancellation = new Cancellation();
    return { cancellation, release: this.onCancel(() => cancellation.cancel(this.#cut)) };
  }
}
