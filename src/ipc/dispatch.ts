import type { z } from "zod";

import {
  type Answer,
  CancelledError,
  DeadlineError,
  type Incoming,
  InvalidParamsError,
  OverloadedError,
  type Peer,
  UnknownMethodError,
} from "./contract.ts";
import { type Counters, createCounters } from "./counters.ts";

/** What a method is told beside its parameters. */
export type CallContext = Pick<Incoming, "peer" | "signal">;

/** A method whose parameters have been erased; made by {@link method}. */
export type Method = {
  readonly summary: string;
  /** The parameters' names, for callers that pass them by name and for help texts. */
  readonly names: readonly string[];
  /** Checks the parameters, then returns what carries the call out. */
  readonly prepare: (params: readonly unknown[]) => (context: CallContext) => unknown;
};

export type Service = ReadonlyMap<string, Method>;

/** A method with its schema: `run` gets parameters that fit it. */
export function method<Params extends readonly unknown[]>(parts: {
  readonly summary: string;
  readonly names: readonly string[];
  readonly params: z.ZodType<Params>;
  readonly run: (params: Params, context: CallContext) => unknown;
}): Method {
  const { summary, names, params: schema, run } = parts;
  return {
    summary,
    names,
    prepare(params) {
      const parsed = schema.safeParse(params);
      if (parsed.success) return (context) => run(parsed.data, context);
      const issue = parsed.error.issues[0];
      const at = issue?.path[0];
      if (typeof at !== "number") throw new InvalidParamsError(`it takes ${names.join(", ") || "nothing"}`);
      throw new InvalidParamsError(`${names[at] ?? `argument ${String(at + 1)}`}: ${issue?.message ?? "wrong"}`);
    },
  };
}

/** A call that is over, for the line a server prints. */
export type CallRecord = {
  readonly method: string;
  readonly params: readonly unknown[];
} & ({ readonly result: unknown } | { readonly error: unknown });

export type AnswerOptions = {
  /** Calls carried out at the same time. */
  readonly concurrency?: number;
  /** Calls that may wait for a place; one more is refused. */
  readonly queue?: number;
  /** A call that takes longer is aborted, in milliseconds. */
  readonly deadlineMs?: number;
  readonly onCall?: (record: CallRecord) => void;
};

/**
 * Turns a service into the {@link Answer} that every transport is given: the schema is checked, at most `concurrency` calls run,
 * each under a deadline, and all are counted. A method that returns no promise is answered in the same tick.
 */
export function createAnswer(
  service: Service,
  { concurrency = 64, queue = 1024, deadlineMs = 30_000, onCall }: AnswerOptions = {},
): { readonly answer: Answer; readonly counters: Readonly<Counters> } {
  const counters = createCounters();
  const waiting: (() => void)[] = [];

  const answer: Answer = (call) => {
    counters.received += 1;
    let run: (context: CallContext) => unknown;
    try {
      run = prepare(service, call);
      if (counters.active >= concurrency && waiting.length >= queue) {
        throw new OverloadedError(`${String(concurrency)} calls run and ${String(queue)} wait already`);
      }
    } catch (error) {
      counters.refused += 1;
      onCall?.({ method: call.method, params: call.params, error });
      throw error;
    }
    return counters.active < concurrency ? start(call, run) : wait(call, run);
  };

  const start = (call: Incoming, run: (context: CallContext) => unknown): unknown => {
    counters.active += 1;
    const context = new StartedCall(call);
    try {
      const outcome = run(context);
      if (outcome instanceof Promise) return settle(call, context, outcome);
      return finish(call, { result: outcome });
    } catch (error) {
      finish(call, { error });
      throw error;
    }
  };

  const finish = (call: Incoming, end: { readonly result: unknown } | { readonly error: unknown }): unknown => {
    counters.active -= 1;
    if ("error" in end) counters[call.signal.aborted ? "cancelled" : "failed"] += 1;
    else counters.succeeded += 1;
    onCall?.({ method: call.method, params: call.params, ...end });
    waiting.shift()?.();
    return "result" in end ? end.result : undefined;
  };

  const settle = async (call: Incoming, context: StartedCall, outcome: Promise<unknown>): Promise<unknown> => {
    try {
      return finish(call, { result: await beforeDeadline(outcome, call.signal, deadlineMs) });
    } catch (error) {
      if (error instanceof DeadlineError) context.stop(error);
      finish(call, { error });
      throw error;
    }
  };

  const wait = async (call: Incoming, run: (context: CallContext) => unknown): Promise<unknown> => {
    counters.waiting += 1;
    await new Promise<void>((resolve) => {
      waiting.push(resolve);
    });
    counters.waiting -= 1;
    if (!call.signal.aborted) return start(call, run);
    counters.cancelled += 1;
    waiting.shift()?.();
    throw new CancelledError(`${call.method} was cancelled before it started`);
  };

  return { answer, counters };
}

/** A call while it is carried out: it also stops at the server's own deadline. The signal is made for those who ask for it. */
class StartedCall implements CallContext {
  private readonly call: Incoming;
  private deadline: AbortController | undefined;
  private either: AbortSignal | undefined;

  constructor(call: Incoming) {
    this.call = call;
  }

  get peer(): Peer {
    return this.call.peer;
  }

  get signal(): AbortSignal {
    this.deadline ??= new AbortController();
    this.either ??= AbortSignal.any([this.call.signal, this.deadline.signal]);
    return this.either;
  }

  stop(reason: DeadlineError): void {
    this.deadline?.abort(reason);
  }
}

function prepare(service: Service, { method: name, params }: Incoming): (context: CallContext) => unknown {
  const known = service.get(name);
  if (known === undefined) {
    throw new UnknownMethodError(`Unknown command: ${name}`, { hint: `There are ${[...service.keys()].join(", ")}` });
  }
  try {
    return known.prepare(params);
  } catch (error) {
    if (!(error instanceof InvalidParamsError)) throw error;
    throw new InvalidParamsError(`Wrong arguments for ${name}: ${error.message}`, {
      hint: `${name} takes ${known.names.join(", ") || "nothing"}`,
    });
  }
}

async function beforeDeadline(outcome: Promise<unknown>, signal: AbortSignal, deadlineMs: number): Promise<unknown> {
  let stop: () => void = () => undefined;
  const limit = new Promise<never>((_, reject) => {
    const timer = setTimeout(() => {
      reject(new DeadlineError(`No result within ${String(deadlineMs)} ms`));
    }, deadlineMs);
    const abort = () => {
      reject(new CancelledError("The caller gave up"));
    };
    signal.addEventListener("abort", abort, { once: true });
    stop = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", abort);
    };
  });
  try {
    return await Promise.race([outcome, limit]);
  } finally {
    stop();
  }
}
