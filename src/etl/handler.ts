import type { Store } from "./store.ts";

/** What a handler may use of the world; the same on this machine and on Lambda. */
export type HandlerContext = {
  /** The variables that the pipeline declares for this handler, and no others. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Where data goes that is too large to be passed from state to state. */
  readonly store: Store;
  readonly fetch: typeof fetch;
  /** Resolves after `ms`. */
  readonly sleep: (ms: number) => Promise<void>;
  /** Tells how far the work is; shown by the local runner, a log line on Lambda. */
  readonly progress: (progress: HandlerProgress) => void;
};

/** `done` of `total` units (blocks, bytes) and the rows that came of them. */
export type HandlerProgress = { readonly rows: number; readonly done: number; readonly total: number };

/** One step of a pipeline: JSON in, JSON out. Its file exports it under the name `handler`. */
export type Handler = (event: unknown, context: HandlerContext) => Promise<unknown>;
