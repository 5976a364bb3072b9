import { Cancellation } from "./cancellation.ts";
import type { Visit } from "./execution.ts";
import { StatesError } from "./failure.ts";
import { TaskFailure, type TaskCall, type TaskContext } from "./types.ts";

/**
 * Lets the caller do the work of a Task, within its time limits.
 *
 * @throws {StatesError} what the work failed with, or States.Timeout
 * @throws {StoppedError} when the branch is stopped meanwhile
 */
export async function invokeTask(visit: Visit, call: TaskCall): Promise<unknown> {
  const { branch } = visit;
  const { cancellation: task, release } = branch.cancellation.child();
  const watch = new Watch(visit, call, task);
  try {
    const work = start(visit, call, watch);
    return await branch.cancellation.guard(watch.limited ? watch.within(work) : work);
  } catch (error) {
    throw error instanceof TaskFailure ? failureOf(error) : error;
  } finally {
    release();
  }
}

async function start({ branch }: Visit, call: TaskCall, context: TaskContext): Promise<unknown> {
  try {
    return await branch.execution.options.invoke(call, context);
  } catch (error) {
    if (error instanceof TaskFailure || error instanceof StatesError) throw error;
    throw new TaskFailure({
      error: "States.TaskFailed",
      cause: error instanceof Error ? error.message : String(error),
    });
  }
}

function failureOf({ error, failureCause: cause }: TaskFailure): StatesError {
  if (error !== "States.HeartbeatTimeout") return new StatesError({ error, cause, placed: true });
  return new StatesError({ error: "States.Timeout", cause, alias: error, placed: true });
}

/** The time limits of one try, and what the work is told. */
class Watch implements TaskContext {
  readonly attempt: number;
  readonly limited: boolean;
  readonly #visit: Visit;
  readonly #task: Cancellation;
  readonly #startedMs: number;
  readonly #timeoutMs: number;
  readonly #heartbeatMs: number;
  #lastBeatMs: number;

  constructor(visit: Visit, { timeoutSeconds, heartbeatSeconds }: TaskCall, task: Cancellation) {
    this.#visit = visit;
    this.#task = task;
    this.attempt = visit.retryCount ?? 0;
    this.limited = timeoutSeconds !== undefined || heartbeatSeconds !== undefined;
    this.#startedMs = visit.branch.execution.options.clock.now();
    this.#lastBeatMs = this.#startedMs;
    this.#timeoutMs = (timeoutSeconds ?? Infinity) * 1000;
    this.#heartbeatMs = (heartbeatSeconds ?? Infinity) * 1000;
  }

  get signal(): AbortSignal {
    return this.#task.signal;
  }

  readonly heartbeat = (): void => {
    this.#lastBeatMs = this.#visit.branch.execution.options.clock.now();
  };

  /** The work's result, or a States.Timeout when a limit passes first. */
  async within(work: Promise<unknown>): Promise<unknown> {
    // Most stubs and caches answer at once: only work that takes time is worth a timer.
    if (await settledSoon(work)) return work;
    const timer = new Cancellation();
    try {
      return await Promise.race([work, this.#limit(timer)]);
    } finally {
      timer.cancel();
    }
  }

  async #limit(timer: Cancellation): Promise<never> {
    const { clock } = this.#visit.branch.execution.options;
    for (;;) {
      const now = clock.now();
      const deadline = this.#startedMs + this.#timeoutMs;
      const missed = this.#lastBeatMs + this.#heartbeatMs;
      if (now >= deadline) throw this.#timeOut();
      if (now >= missed) throw this.#timeOut("States.HeartbeatTimeout");
      try {
        await clock.sleep(Math.min(deadline, missed) - now, timer.signal);
      } catch (error) {
        if (!timer.cancelled) throw error;
      }
      if (timer.cancelled) return new Promise<never>(() => undefined);
    }
  }

  #timeOut(alias?: string): StatesError {
    this.#task.cancel();
    const error = "States.Timeout";
    return new StatesError({ error, cause: undefined, placed: true, ...(alias === undefined ? {} : { alias }) });
  }
}

async function settledSoon(work: Promise<unknown>): Promise<boolean> {
  const seen = { settled: false };
  const note = () => {
    seen.settled = true;
  };
  work.then(note, note);
  for (let turn = 0; turn < 4 && !seen.settled; turn += 1) await Promise.resolve();
  return seen.settled;
}
