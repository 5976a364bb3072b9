import type { HistoryEvent as AwsEvent } from "@aws-sdk/client-sfn";

import { MetacoinError } from "../../errors.ts";
import { isoTime } from "../asl/history.ts";
import { isObject, parseJson, toJson } from "../asl/json.ts";
import type { ExecutionResult, HistoryEvent, Json } from "../asl/types.ts";
import type { Pipeline } from "../pipelines.ts";
import { journalPath, type JournalRecord, openJournal } from "../run/journal.ts";
import { maskFor, maskResult } from "../run/mask.ts";
import { holdRun, type LocalRunner, readInterrupted, type RunResult } from "../run/run.ts";

import { type Connection, loadSdk } from "./apply.ts";

export type RemoteRun = {
  readonly pipeline: Pipeline;
  readonly machineArn: string;
  readonly definition: string;
  readonly input: Json;
  readonly connection: Connection;
  readonly runner: Pick<LocalRunner, "folder" | "signal" | "variables" | "onEvent" | "onStart">;
  /** Ends early where the runner's signal aborts. */
  readonly sleep: (ms: number) => Promise<void>;
  readonly now: () => number;
  /** Of the run, and of its execution. */
  readonly name: string;
};

/** Runs a pipeline on AWS and follows it: the same journal, of the events that Step Functions tells. */
export async function startRemoteRun(options: RemoteRun): Promise<RunResult> {
  const { pipeline, definition, input, name, now } = options;
  const facts = { run: name, pipeline: pipeline.name, definition, input, pid: process.pid };
  const opening = { type: "started", runner: "aws", at: isoTime(now()), ...facts } as const;
  return conduct(options, { opening, seen: 0 });
}

/**
 * Goes on with a run on AWS: follows one that was left, and redrives one that failed.
 *
 * @throws {NotResumableError}
 */
export async function continueRemoteRun(options: RemoteRun): Promise<RunResult> {
  const { name, now, runner } = options;
  return holdRun(name, runner.folder, async () => {
    const { records, hasEnded } = await readInterrupted(name, runner.folder);
    const last = records.findLast((record) => record.type === "event" || record.type === "resumed");
    const ids = records.flatMap((record) => (record.type === "event" ? [record.event.id] : []));
    // A crash may leave the event that ends a run without the line that says so: it is asked for again.
    const isCut = !hasEnded && last?.type === "event" && endings.test(last.event.type);
    const seen = isCut ? last.event.id - 1 : (ids.at(-1) ?? 0);
    if (hasEnded) await redriveExecution(options);
    const stamp = { at: isoTime(now()), pid: process.pid };
    const opening = hasEnded ? ({ type: "resumed", ...stamp } as const) : ({ type: "followed", ...stamp } as const);
    return conduct(options, { opening, seen });
  });
}

const endings = /^Execution(?:Succeeded|Failed|TimedOut|Aborted)$/u;

/** @param seen the last event that the journal has; 0 where AWS may not know of the run. */
async function conduct(
  options: RemoteRun,
  { opening, seen }: { readonly opening: JournalRecord; readonly seen: number },
): Promise<RunResult> {
  const { pipeline, runner, name, now } = options;
  const mask = maskFor(pipeline, runner.variables);
  const journal = await openJournal(journalPath(runner.folder, name), mask);
  try {
    journal.append(opening);
    await journal.sync();
    if (seen === 0) await startExecution(options);
    runner.onStart?.(name);
    const result = await follow(options, seen, (event) => {
      journal.append({ type: "event", event });
      runner.onEvent?.(event);
    });
    journal.append({ type: "ended", at: isoTime(now()), ...result });
    return { ...maskResult(result, mask), run: name, pipeline: pipeline.name };
  } catch (error) {
    throw runner.signal.aborted ? new LeftError(options, error) : error;
  } finally {
    await journal.close();
  }
}

/** Following asks each second, as others of the account do: throttling is waited for. */
async function connect({ connection }: RemoteRun) {
  const sdk = await loadSdk(() => import("@aws-sdk/client-sfn"));
  return { sdk, client: new sdk.SFNClient({ ...connection, maxAttempts: 10 }) };
}

/** Asking twice with one name starts one execution ("StartExecution" in the API reference). */
async function startExecution(options: RemoteRun): Promise<void> {
  const { machineArn, name, input } = options;
  const { sdk, client } = await connect(options);
  const command = new sdk.StartExecutionCommand({ stateMachineArn: machineArn, name, input: JSON.stringify(input) });
  await client.send(command).catch((error: unknown) => {
    if (!(error instanceof sdk.ExecutionAlreadyExists)) throw error;
  });
}

/** Redrives an execution, but where somebody did. */
async function redriveExecution(options: RemoteRun): Promise<void> {
  const { sdk, client } = await connect(options);
  const executionArn = executionArnOf(options);
  const { status } = await client.send(new sdk.DescribeExecutionCommand({ executionArn }));
  if (status !== "RUNNING" && status !== "SUCCEEDED")
    await client.send(new sdk.RedriveExecutionCommand({ executionArn }));
}

/** AWS names an execution after its machine. */
function executionArnOf({ machineArn, name }: RemoteRun): string {
  return `${machineArn.replace(":stateMachine:", ":execution:")}:${name}`;
}

/** Hands on the events behind the last one seen, until the one that ends the execution. */
async function follow(
  options: RemoteRun,
  after: number,
  onEvent: (event: HistoryEvent) => void,
): Promise<ExecutionResult> {
  const { sdk, client } = await connect(options);
  const { runner, sleep } = options;
  const executionArn = executionArnOf(options);
  let seen = after;
  // Of the history's last page: what stands before it has been seen and does not change.
  let lastPage: string | undefined;
  for (;;) {
    const command = new sdk.GetExecutionHistoryCommand({ executionArn, nextToken: lastPage, maxResults: 1000 });
    const page = await client.send(command, { abortSignal: runner.signal }).catch((error: unknown) => {
      if (lastPage === undefined || !(error instanceof sdk.InvalidToken)) throw error;
      return undefined;
    });
    if (page === undefined) {
      // A token is good for 24 hours.
      lastPage = undefined;
      continue;
    }
    const { events = [], nextToken } = page;
    for (const event of events) {
      if ((event.id ?? 0) <= seen) continue;
      seen = event.id ?? seen;
      onEvent(shaped(event));
      const result = resultIn(event);
      if (result !== undefined) return result;
    }
    if (nextToken === undefined) await sleep(1_000);
    else lastPage = nextToken;
  }
}

/** The SDK's event as the journal keeps it: times are ISO 8601. */
function shaped({ id = 0, previousEventId = 0, type, timestamp, ...details }: AwsEvent): HistoryEvent {
  const plain = toJson(details);
  const at = timestamp?.toISOString() ?? "";
  return { ...(isObject(plain) ? plain : {}), id, previousEventId, type: type ?? "", timestamp: at };
}

function resultIn(event: AwsEvent): ExecutionResult | undefined {
  if (event.type === "ExecutionSucceeded")
    return { status: "SUCCEEDED", output: parseJson(event.executionSucceededEventDetails?.output ?? "null") };
  if (event.type === "ExecutionFailed") return { status: "FAILED", ...reasons(event.executionFailedEventDetails) };
  if (event.type === "ExecutionTimedOut")
    return { status: "TIMED_OUT", ...reasons(event.executionTimedOutEventDetails) };
  if (event.type === "ExecutionAborted") return { status: "ABORTED", ...reasons(event.executionAbortedEventDetails) };
  return undefined;
}

function reasons({ error, cause }: { error?: string | undefined; cause?: string | undefined } = {}) {
  return { ...(error === undefined ? {} : { error }), ...(cause === undefined ? {} : { cause }) };
}

/** Ctrl-C while a run on AWS was followed. */
class LeftError extends MetacoinError {
  override readonly code = "INTERRUPTED";

  constructor({ name, pipeline }: RemoteRun, cause: unknown) {
    super(`The run ${name} goes on on AWS; it is no longer followed here`, {
      hint: `npx hardhat etl run ${pipeline.name} --resume ${name}    follows it again`,
      cause,
    });
  }
}
