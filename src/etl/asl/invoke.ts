import { Cancellation } from "./cancellation.ts";
import type { Visit } from "./execution.ts";
import { StatesError, StoppedError } from "./failure.ts";
import { sleepUntil } from "./sleep.ts";
import { TaskFailure, type TaskCall, type TaskContext } from "./types.ts";

/**
 * Lets the caller do the work of a Task, within its time limits.
 *
 * @throws {StatesError} what the work failed with, or States.Timeout
 * @throws {StoppedError} when the branch is stopped meanwhile
 */
export async function invokeTask(visit: Visit, call: TaskCall): Promise<unknown> {
  const watch = new Watch(visit, call);
  const seen: { result?: { readonly value: unknown }; failed: boolean } = { failed: false };
  try {
    const work = visit.branch.execution.options.invoke(call, watch);
    work.then(
      (value) => {
        seen.result = { value };
      },
      () => {
        seen.failed = true;
      },
    );
    // Stubs and caches answer at once: only work that takes time is worth timers and listeners.
    for (let turn = 0; turn < 3 && seen.result === undefined && !seen.failed; turn += 1) await Promise.resolve();
    if (seen.result !== undefined) return seen.result.value;
    return await (seen.failed ? work : watch.within(work));
  } catch (error) {
    throw failureOf(error);
  } finally {
    watch.end();
  }
}

/** Any rejection as a failure of the machine; what is not a TaskFailure has the name States.TaskFailed. */
function failureOf(error: unknown): StatesError | StoppedError {
  if (error instanceof StatesError || error instanceof StoppedError) return error;
  if (!(error instanceof TaskFailure)) {
    const cause = error instanceof Error ? error.message : String(error);
    return new StatesError({ error: "States.TaskFailed", cause, placed: true });
  }
  const { error: name, failureCause: cause } = error;
  if (name !== "States.HeartbeatTimeout") return new StatesError({ error: name, cause, placed: true });
  return new StatesError({ error: "States.Timeout", cause, alias: name, placed: true });
}

/** The time limits of one try, and what the work is told. */
class Watch implements TaskContext {
  readonly attempt: number;
  readonly #visit: Visit;
  readonly #startedMs: number;
  readonly #timeoutMs: number;
  readonly #heartbeatMs: number;
  #lastBeatMs: number;
  #task: ReturnType<Cancellation["child"]> | undefined;

  constructor(visit: Visit, { timeoutSeconds, heartbeatSeconds }: TaskCall) {
    this.#visit = visit;
    this.attempt = visit.retryCount ?? 0;
    this.#startedMs = visit.branch.execution.options.clock.now();
    this.#lastBeatMs = this.#startedMs;
    this.#timeoutMs = (timeoutSeconds ?? Infinity) * 1000;
    this.#heartbeatMs = (heartbeatSeconds ?? Infinity) * 1000;
  }

  get enteredEventId(): number {
    return this.#visit.enteredEventId;
  }

  get childExecution(): string | undefined {
    return this.#visit.branch.execution.childName;
  }

  get signal(): AbortSignal {
    return this.#child().cancellation.signal;
  }

  readonly heartbeat = (): void => {
    this.#lastBeatMs = this.#visit.branch.execution.options.clock.now();
  };

  /** The work's result, or a States.Timeout when a limit passes first. */
  async within(work: Promise<unknown>): Promise<unknown> {
    const { cancellation } = this.#visit.branch;
    if (this.#timeoutMs === Infinity && this.#heartbeatMs === Infinity) return cancellation.guard(work);
    const timer = new Cancellation();
    try {
      return await cancellation.guard(Promise.race([work, this.#limit(timer)]));
    } finally {
      timer.cancel();
    }
  }

  /** Forgets the branch's cancellation; the work is done, or given up. */
  end(): void {
    this.#task?.release();
  }

  #child(): ReturnType<Cancellation["child"]> {
    this.#task ??= this.#visit.branch.cancellation.child();
    return this.#task;
  }

  async #limit(timer: Cancellation): Promise<never> {
    const { clock } = this.#visit.branch.execution.options;
    for (;;) {
      const deadline = this.#startedMs + this.#timeoutMs;
      const missed = this.#lastBeatMs + this.#heartbeatMs;
      if (clock.now() >= deadline) throw this.#timeOut();
      if (clock.now() >= missed) throw this.#timeOut("States.HeartbeatTimeout");
      await sleepUntil(clock, Math.min(deadline, missed), timer.signal);
      if (timer.cancelled) return new Promise<never>(() => undefined);
    }
  }

  #timeOut(alias?: string): StatesError {
    this.#task?.cancellation.cancel();
    const error = "States.Timeout";
    return new StatesError({ error, cause: undefined, placed: true, ...(alias === undefined ? {} : { alias }) });
  }
}
