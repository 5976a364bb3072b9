import type { HistoryEvent as AwsEvent } from "@aws-sdk/client-sfn";

import { isObject, parseJson, toJson } from "../asl/json.ts";
import type { ExecutionResult, HistoryEvent, Json } from "../asl/types.ts";
import type { Pipeline } from "../pipelines.ts";
import { journalPath, openJournal } from "../run/journal.ts";
import { maskFor, maskResult } from "../run/mask.ts";
import type { LocalRunner, RunResult } from "../run/run.ts";

import { type Connection, loadSdk } from "./apply.ts";

export type RemoteRun = {
  readonly pipeline: Pipeline;
  readonly machineArn: string;
  readonly definition: string;
  readonly input: Json;
  readonly connection: Connection;
  readonly runner: Pick<LocalRunner, "folder" | "signal" | "variables" | "onEvent" | "onStart">;
  readonly sleep: (ms: number) => Promise<void>;
  readonly now: () => number;
  readonly name: string;
};

/** Runs a pipeline on AWS and follows it: the same journal, of the events that Step Functions tells. */
export async function startRemoteRun(options: RemoteRun): Promise<RunResult> {
  const { pipeline, machineArn, definition, input, connection, runner, name, now } = options;
  const { SFNClient, StartExecutionCommand } = await loadSdk(() => import("@aws-sdk/client-sfn"));
  const client = new SFNClient(connection);
  const mask = maskFor(pipeline, runner.variables);
  const journal = await openJournal(journalPath(runner.folder, name), mask);
  const at = () => new Date(now()).toISOString();
  try {
    const { executionArn } = await client.send(
      new StartExecutionCommand({ stateMachineArn: machineArn, name, input: JSON.stringify(input) }),
    );
    const facts = { run: name, pipeline: pipeline.name, definition, input, pid: process.pid };
    journal.append({ type: "started", runner: "aws", at: at(), ...facts });
    runner.onStart?.(name);
    const result = await follow(executionArn, options, (event) => {
      journal.append({ type: "event", event });
      runner.onEvent?.(event);
    });
    journal.append({ type: "ended", at: at(), ...result });
    return { ...maskResult(result, mask), run: name, pipeline: pipeline.name };
  } finally {
    await journal.close();
  }
}

/** Hands on the events until the one that ends the execution; aborting leaves it running on AWS. */
async function follow(
  executionArn: string | undefined,
  { connection, runner, sleep }: RemoteRun,
  onEvent: (event: HistoryEvent) => void,
): Promise<ExecutionResult> {
  const { SFNClient, GetExecutionHistoryCommand } = await loadSdk(() => import("@aws-sdk/client-sfn"));
  const client = new SFNClient(connection);
  let seen = 0;
  for (;;) {
    runner.signal.throwIfAborted();
    let nextToken: string | undefined;
    do {
      const page = await client.send(new GetExecutionHistoryCommand({ executionArn, nextToken, maxResults: 1000 }));
      for (const event of page.events ?? []) {
        if ((event.id ?? 0) <= seen) continue;
        seen = event.id ?? seen;
        onEvent(shaped(event));
        const result = resultIn(event);
        if (result !== undefined) return result;
      }
      ({ nextToken } = page);
    } while (nextToken !== undefined);
    await sleep(1_000);
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
