import { Cancellation } from "./cancellation.ts";
import { CancelledError, type Connection, DeadlineError, OverloadedError } from "./contract.ts";
import { createDeadlines } from "./deadlines.ts";

export type ClientOptions = {
  /** How long a call may take, in milliseconds; the server is told when it passes. */
  readonly deadlineMs?: number;
  /** Calls on their way at the same time; one more is refused at once. */
  readonly maxPending?: number;
};

type CallOptions = { readonly deadlineMs?: number; readonly signal?: AbortSignal | undefined };

/** Calls over any transport, each with a deadline and a way to be cancelled. */
export type Client = {
  /** @throws {DeadlineError | CancelledError | OverloadedError | RemoteError | DisconnectedError} */
  call(method: string, params?: readonly unknown[], options?: CallOptions): Promise<unknown>;
  readonly pending: number;
};

export function createClient(
  connection: Connection,
  { deadlineMs: ordinaryMs = 30_000, maxPending = 4096 }: ClientOptions = {},
): Client {
  const deadlines = createDeadlines();
  let pending = 0;
  return {
    get pending() {
      return pending;
    },
    async call(method, params = [], { deadlineMs = ordinaryMs, signal } = {}) {
      if (signal?.aborted === true) throw new CancelledError(`${method} was cancelled`);
      if (pending >= maxPending) throw new OverloadedError(`${String(maxPending)} calls have no reply yet`);
      const cancellation = new Cancellation();
      const inTime = deadlines.add(deadlineMs, () => {
        cancellation.abort(new DeadlineError(`No reply to ${method} within ${String(deadlineMs)} ms`));
      });
      const cancel = () => {
        cancellation.abort(new CancelledError(`${method} was cancelled`));
      };
      signal?.addEventListener("abort", cancel, { once: true });
      pending += 1;
      try {
        return await connection.request(method, params, cancellation);
      } finally {
        pending -= 1;
        inTime();
        signal?.removeEventListener("abort", cancel);
      }
    },
  };
}
