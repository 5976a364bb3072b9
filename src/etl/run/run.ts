import { randomInt } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { pathToFileURL } from "node:url";

import { MetacoinError } from "../../errors.ts";
import { execute } from "../asl/execute.ts";
import { isObject, parseJson, toJson } from "../asl/json.ts";
import { parseMachine, type Machine } from "../asl/parse.ts";
import {
  type Clock,
  type ExecutionResult,
  type HistoryEvent,
  type Invoke,
  type Json,
  type ResumePoint,
  TaskFailure,
} from "../asl/types.ts";
import type { HandlerProgress } from "../handler.ts";
import { holdLock } from "../lock.ts";
import { bindHandlers, findPipeline, handlerOf, localArn, type Pipeline, readDefinition } from "../pipelines.ts";

import { openHandlers } from "./handlers.ts";
import { type Journal, journalPath, lastStandingOf, openJournal, readJournal, type Started } from "./journal.ts";
import { type Mask, maskFor, maskResult } from "./mask.ts";
import { isAtIt } from "./process.ts";
import { pointOf } from "./resume.ts";

/** The world of the local runner. */
export type LocalRunner = {
  /** `.etl`: journals, the handlers' store, schedules. */
  readonly folder: string;
  /** What the handlers' allow-lists choose from. */
  readonly variables: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
  readonly onEvent?: (event: HistoryEvent) => void;
  readonly onProgress?: (state: string, progress: HandlerProgress) => void;
  readonly onStart?: (run: string) => void;
  readonly clock?: Clock;
};

/** A run that came to its end. */
export type RunResult = ExecutionResult & { readonly run: string; readonly pipeline: string };

/** Runs a pipeline on this machine, from the start. */
export async function startRun(pipeline: Pipeline, input: Json, runner: LocalRunner): Promise<RunResult> {
  const { clock = systemClock } = runner;
  const run = nameRun(pipeline, clock.now());
  const definition = bindHandlers(await readDefinition(pipeline), (handler) => localArn(pipeline, handler));
  const at = new Date(clock.now()).toISOString();
  const started: Started = {
    type: "started",
    run,
    pipeline: pipeline.name,
    runner: "local",
    definition,
    input,
    at,
    pid: process.pid,
  };
  return conduct({ pipeline, run, definition, input, runner, open: (journal) => journal.append(started) });
}

/**
 * Goes on with a run of this machine that was interrupted or failed, from the state where it stopped, in the same journal.
 *
 * @throws {NotResumableError}
 */
export async function continueRun(run: string, runner: LocalRunner): Promise<RunResult> {
  return holdRun(run, runner.folder, async () => {
    const { clock = systemClock } = runner;
    const { started, records } = await readInterrupted(run, runner.folder);
    const history = records.flatMap((record) => (record.type === "event" ? [record.event] : []));
    const { definition, input } = started;
    const parsed = parseJson(definition);
    const point = isObject(parsed) ? pointOf(parsed, history) : undefined;
    const at = new Date(clock.now()).toISOString();
    return conduct({
      pipeline: findPipeline(started.pipeline),
      run,
      definition,
      input,
      runner,
      point,
      open: (journal) =>
        journal.append({ type: "resumed", at, state: point?.state ?? "the beginning", pid: process.pid }),
    });
  });
}

/** Keeps others from going on with a run while `work` does. */
export async function holdRun<Result>(run: string, folder: string, work: () => Promise<Result>): Promise<Result> {
  // A run that is not there leaves no lock behind.
  await readJournal(journalPath(folder, run));
  const release = await holdLock(folder, `run-${run}`, {
    message: `The run ${run} cannot go on: another process just took it up`,
    hint: "npx hardhat etl history",
  });
  try {
    return await work();
  } finally {
    release();
  }
}

/**
 * What the journal says of a run that may go on.
 *
 * @throws {NotResumableError}
 */
export async function readInterrupted(run: string, folder: string) {
  const records = await readJournal(journalPath(folder, run));
  const started = records.find((record) => record.type === "started");
  if (started === undefined) throw new NotResumableError(run, "its journal has no beginning");
  const last = lastStandingOf(records);
  if (last?.type === "ended" && last.status === "SUCCEEDED") throw new NotResumableError(run, "it succeeded");
  if (last !== undefined && last.type !== "ended" && last.pid !== process.pid && isAtIt(last))
    throw new NotResumableError(run, `process ${String(last.pid)} is still at it`);
  return { started, records, hasEnded: last?.type === "ended" };
}

type Conduct = {
  readonly pipeline: Pipeline;
  readonly run: string;
  readonly definition: string;
  readonly input: Json;
  readonly runner: LocalRunner;
  readonly point?: ResumePoint | undefined;
  readonly open: (journal: Journal) => void;
};

async function conduct({ pipeline, run, definition, input, runner, point, open }: Conduct): Promise<RunResult> {
  const { folder, variables, signal, onEvent, onStart, clock = systemClock } = runner;
  const machine = machineOf(definition);
  const mask = maskFor(pipeline, variables);
  const release = await holdSubject(pipeline, input, folder);
  try {
    const journal = await openJournal(journalPath(folder, run), mask);
    const handlers = openHandlers(pipeline, variables, pathToFileURL(`${folder}/data/`).href);
    const broken = new AbortController();
    try {
      open(journal);
      await journal.sync();
      onStart?.(run);
      const result = await execute(machine, {
        input,
        invoke: invoker({ pipeline, journal, handlers, runner, clock, broken, mask }),
        clock,
        random: Math.random,
        executionName: run,
        machineName: pipeline.name,
        signal: AbortSignal.any([signal, broken.signal]),
        onEvent(event) {
          journal.append({ type: "event", event });
          onEvent?.(event);
        },
        onChildEvent: (execution, event) => journal.append({ type: "child", execution, event }),
        ...(point === undefined ? {} : { resumeFrom: point }),
      });
      broken.signal.throwIfAborted();
      journal.append({ type: "ended", at: new Date(clock.now()).toISOString(), ...result });
      return { ...maskResult(result, mask), run, pipeline: pipeline.name };
    } finally {
      await handlers.close();
      await journal.close();
    }
  } finally {
    release();
  }
}

/** Keeps two runs apart that would work on the same thing. */
async function holdSubject({ name, exclusive }: Pipeline, input: Json, folder: string): Promise<() => void> {
  const subject = exclusive !== undefined && isObject(input) ? input[exclusive] : undefined;
  if (typeof subject !== "string" || !/^\w+$/u.test(subject)) return () => undefined;
  return holdLock(folder, `${name}-${subject.toLowerCase()}`, {
    message: `Another run of ${name} works on ${subject} now`,
    hint: "npx hardhat etl history    shows it; run this again when it has ended",
  });
}

/** @throws {InvalidMachineError} with every finding. */
export function machineOf(definition: string): Machine {
  const parsed = parseMachine(definition);
  if ("machine" in parsed) return parsed.machine;
  const findings = parsed.diagnostics.map(({ location, message }) => `${location}: ${message}`);
  throw new InvalidMachineError(["The state machine is not valid", ...findings].join("\n"));
}

type Invoker = {
  readonly pipeline: Pipeline;
  readonly journal: Journal;
  readonly handlers: ReturnType<typeof openHandlers>;
  readonly runner: LocalRunner;
  readonly clock: Clock;
  /** Aborted with the reason where the journal cannot be kept: then nothing may be done any more. */
  readonly broken: AbortController;
  readonly mask: Mask;
};

/** What is about to be done is on the disk before it is done. */
function invoker({ pipeline, journal, handlers, runner, clock, broken, mask }: Invoker): Invoke {
  return async (call, { signal, attempt, enteredEventId: entered, childExecution: execution }) => {
    await journal.sync().catch((error: unknown) => {
      broken.abort(error);
      throw error;
    });
    const run = handlers.run({
      handler: handlerOf(pipeline, call.resource),
      event: call.input,
      signal,
      onLog: (line) =>
        journal.append({
          type: "log",
          state: call.stateName,
          entered,
          ...(execution === undefined ? {} : { execution }),
          attempt,
          ...line,
          at: new Date(clock.now()).toISOString(),
        }),
      onProgress: (progress) => runner.onProgress?.(call.stateName, progress),
    });
    return toJson(await run.catch((error: unknown) => fail(error, mask)));
  };
}

/** What a service repeated of a secret goes no further: a cause is also the input of whoever catches it. */
function fail(error: unknown, mask: Mask): never {
  if (!(error instanceof TaskFailure) || error.failureCause === undefined) throw error;
  throw new TaskFailure({ error: error.error, cause: mask(error.failureCause) });
}

export const systemClock: Clock = {
  now: () => Date.now(),
  async sleep(ms, signal) {
    await sleep(ms, undefined, { signal });
  },
};

/** Sorts by time, and tells two of one second apart. */
export function nameRun(pipeline: Pipeline, now: number): string {
  const time = new Date(now)
    .toISOString()
    .replace(/\.\d+Z$/u, "Z")
    .replaceAll(/[-:]/gu, "");
  return `${time}-${pipeline.name}-${randomInt(0x10000).toString(16).padStart(4, "0")}`;
}

class InvalidMachineError extends MetacoinError {
  override readonly code = "INVALID_MACHINE";
}

export class NotResumableError extends MetacoinError {
  override readonly code = "NOT_RESUMABLE";

  constructor(run: string, why: string) {
    super(`The run ${run} cannot go on: ${why}`, { hint: "npx hardhat etl history" });
  }
}
