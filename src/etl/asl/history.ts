import type { Clock, HistoryEvent, JsonObject } from "./types.ts";

/** Details under the name AWS gives them; made only where someone listens. */
type Details = () => { readonly [key: `${string}EventDetails`]: JsonObject };

/** A line of control through a history: each event follows the last one of its own branch. */
export type Thread = { lastEventId: number };

/** Counts the events of one execution as AWS numbers them, and tells of them where someone listens. */
export class History {
  readonly #clock: Clock;
  readonly #listener: ((event: HistoryEvent) => void) | undefined;
  #lastId: number;

  constructor({ clock, listener, lastId = 0 }: HistoryOptions) {
    this.#clock = clock;
    this.#listener = listener;
    this.#lastId = lastId;
  }

  /** Whether events are worth making; {@link skip} counts them where not. */
  get listens(): boolean {
    return this.#listener !== undefined;
  }

  /** Counts events that nobody hears of; the answer is the last one's id. */
  skip(thread: Thread, count = 1): number {
    this.#lastId += count;
    thread.lastEventId = this.#lastId;
    return this.#lastId;
  }

  /** Adds the next event to a thread; the answer is its id. */
  add(thread: Thread, type: string, details?: Details): number {
    const id = (this.#lastId += 1);
    this.#listener?.({
      id,
      previousEventId: thread.lastEventId,
      timestamp: isoTime(this.#clock.now()),
      type,
      ...details?.(),
    });
    thread.lastEventId = id;
    return id;
  }
}

type HistoryOptions = {
  readonly clock: Clock;
  readonly listener: ((event: HistoryEvent) => void) | undefined;
  readonly lastId?: number;
};

/** A time as the Context object and the history show it. */
export function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}
