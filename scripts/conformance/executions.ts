import { createHash } from "node:crypto";

import { execute } from "../../src/etl/asl/execute.ts";
import { parseMachine, type Machine } from "../../src/etl/asl/parse.ts";
import {
  TaskFailure,
  type HistoryEvent,
  type Json,
  type ResultTarget,
  type TaskCall,
} from "../../src/etl/asl/types.ts";
import { VirtualClock } from "../../src/etl/asl/virtual-clock.ts";
import { matches, normalise } from "./compare.ts";

/** One recorded execution, as far as it is needed here. */
export type ExecutionCase = {
  readonly id: string;
  readonly category: string;
  readonly queryLanguage: string;
  readonly type: "STANDARD" | "EXPRESS";
  readonly definition: object;
  readonly input: Json;
  readonly mocks: Record<string, Mock>;
  readonly s3?: readonly { readonly bucket: string; readonly key: string; readonly body: string }[];
  readonly expected: {
    readonly status: string;
    readonly output?: unknown;
    readonly error?: string | null;
    readonly cause?: unknown;
  };
  readonly states?: readonly StateEntry[];
  readonly ordered?: boolean;
  readonly wildcards: readonly string[];
  readonly unusable_mock?: unknown;
  readonly unusable_time?: unknown;
};

type Mock = {
  readonly kind: "sequence" | "constant" | "echo";
  readonly results?: readonly { readonly output?: unknown; readonly error?: string; readonly cause?: unknown }[];
};

type StateEntry = { readonly event: "entered" | "exited"; readonly type: string; readonly name: string };

export type ExecutionVerdict = {
  readonly id: string;
  readonly category: string;
  readonly queryLanguage: string;
  /** The status with the output, or with the error's name. */
  readonly end: boolean;
  /** Only for failures whose error is right. */
  readonly cause: boolean | undefined;
  /** Only where the recording has the entries of the states. */
  readonly log: boolean | undefined;
  /** AWS took the definition; so must the validator. */
  readonly accepted: boolean;
  readonly got: unknown;
};

/** Runs a recorded execution on mocks of what its tasks got on AWS, and compares. */
export async function judgeExecution(recorded: ExecutionCase): Promise<ExecutionVerdict> {
  const { id, category, queryLanguage, states } = recorded;
  const wrong = {
    id,
    category,
    queryLanguage,
    end: false,
    cause: undefined,
    log: states === undefined ? undefined : false,
  };
  let accepted = false;
  try {
    const parsed = parseMachine(recorded.definition, { type: recorded.type });
    if ("diagnostics" in parsed) return { ...wrong, accepted, got: parsed.diagnostics };
    accepted = true;
    return await compareExecution(recorded, parsed.machine);
  } catch (error) {
    return { ...wrong, accepted, got: String(error) };
  }
}

/** So many events a history holds on AWS. */
const mostEvents = 25_000;

async function compareExecution(recorded: ExecutionCase, machine: Machine): Promise<ExecutionVerdict> {
  const { id, category, queryLanguage, expected } = recorded;
  const clock = new VirtualClock();
  const abort = new AbortController();
  const events: HistoryEvent[] = [];
  const result = await execute(machine, {
    input: recorded.input,
    invoke: mockInvoke(recorded.mocks),
    clock: {
      now: clock.now,
      async sleep(ms, signal) {
        // StopExecution was called from outside while the machine waited.
        if (expected.status === "ABORTED") abort.abort();
        return clock.sleep(ms, signal);
      },
    },
    random: Math.random,
    type: recorded.type,
    accountId: "111111111111",
    onEvent(event) {
      // AWS ends an execution there; here it keeps a loop from going on for ever.
      if (events.push(event) === mostEvents) abort.abort();
    },
    readItems: async ({ resource, parameters }) =>
      resource.includes("listObjects") ? listObjects(recorded, parameters) : readObject(recorded, parameters),
    writeResults: async (target) => writtenTo(target),
    signal: abort.signal,
  });
  const wildcards = new Set(recorded.wildcards);
  const end = endOf(result);
  const same = (name: "output" | "error" | "cause") =>
    matches(normalise(end[name] ?? null), normalise(expected[name] ?? null), wildcards);
  const rightEnd =
    end.status === expected.status &&
    (isCutOff(expected) || same(expected.status === "SUCCEEDED" ? "output" : "error"));
  return {
    id,
    category,
    queryLanguage,
    end: rightEnd,
    cause: rightEnd && expected.status === "FAILED" ? same("cause") || quotesLostInput(recorded, end.cause) : undefined,
    log: recorded.states === undefined ? undefined : sameLog(logOf(events), recorded, wildcards),
    accepted: true,
    got: result,
  };
}

type End = { readonly status: string; readonly output?: unknown; readonly error?: unknown; readonly cause?: unknown };

function endOf(result: End): End {
  return result;
}

/** The last event of an execution that was stopped, or ran out of time, has no details to compare. */
function isCutOff({ status, error }: ExecutionCase["expected"]): boolean {
  return (status === "ABORTED" || status === "TIMED_OUT") && (error === undefined || error === null);
}

/**
 * The recorder wrote `timestamp` or `date` over times in the input but not in a cause that quotes them:
 * there the machine can only quote the placeholder, and it stands for anything.
 */
function quotesLostInput({ input, expected }: ExecutionCase, cause: unknown): boolean {
  const lost = ["timestamp", "date"].find((word) => JSON.stringify(input).includes(`"${word}"`));
  if (lost === undefined || typeof cause !== "string" || typeof expected.cause !== "string") return false;
  const pattern = cause.split(new RegExp(`\\b${lost}\\b`, "u")).map((part) => RegExp.escape(part));
  return new RegExp(`^${pattern.join("[^]+")}$`, "u").test(expected.cause);
}

/** Answers each try of a state with what it got on AWS. */
function mockInvoke(mocks: Record<string, Mock>) {
  const tries = new Map<string, number>();
  return async ({ stateName, resource, input }: TaskCall): Promise<unknown> => {
    const mock = mocks[stateName];
    if (mock?.kind === "echo") return echo(resource, input);
    const attempt = tries.get(stateName) ?? 0;
    tries.set(stateName, attempt + 1);
    const results = mock?.results ?? [];
    const answer = results[Math.min(attempt, results.length - 1)];
    if (answer === undefined) throw new TaskFailure({ error: "No.Mock", cause: stateName });
    if (!("error" in answer)) return answer.output;
    const { error, cause } = answer;
    const text =
      cause === undefined || cause === null ? undefined : typeof cause === "string" ? cause : JSON.stringify(cause);
    throw new TaskFailure({ error, cause: text });
  };
}

function echo(resource: string, input: Json): unknown {
  if (!resource.includes(":states:::lambda:invoke")) return input;
  const payload = typeof input === "object" && input !== null && "Payload" in input ? input["Payload"] : {};
  return { Payload: payload, StatusCode: 200, ExecutedVersion: "$LATEST" };
}

function readObject({ s3 = [] }: ExecutionCase, parameters: Json): string {
  const { Bucket: bucket, Key: key } = Object(parameters) as Record<string, unknown>;
  const found = s3.find((object) => object.bucket === bucket && object.key === key);
  if (found === undefined) throw new Error(`no object ${String(bucket)}/${String(key)}`);
  return found.body;
}

/** What AWS answers once it has written the results. */
function writtenTo({ mapRunArn, parameters }: ResultTarget): Json {
  const { Bucket = null, Prefix = "" } = Object(parameters) as { readonly Bucket?: string; readonly Prefix?: string };
  const folder = [Prefix, mapRunArn.split(":").at(-1), "manifest.json"].filter((part) => part !== "").join("/");
  return { MapRunArn: mapRunArn, ResultWriterDetails: { Bucket, Key: folder } };
}

function listObjects({ s3 = [] }: ExecutionCase, parameters: Json): Json[] {
  const { Bucket: bucket, Prefix: prefix = "" } = Object(parameters) as {
    readonly Bucket: string;
    readonly Prefix?: string;
  };
  return s3
    .filter((object) => object.bucket === bucket && object.key.startsWith(prefix))
    .map(({ key, body }) => ({
      Etag: `"${createHash("md5").update(body).digest("hex")}"`,
      Key: key,
      LastModified: Math.floor(Date.now() / 1000),
      Size: Buffer.byteLength(body),
      StorageClass: "STANDARD",
    }));
}

/** The entries of a history in the form of the recordings. */
function logOf(events: readonly HistoryEvent[]): unknown[] {
  return events.flatMap<unknown>(({ type, stateEnteredEventDetails: entered, stateExitedEventDetails: exited }) => {
    if (entered !== undefined) {
      return [
        {
          event: "entered",
          type: type.replace("StateEntered", ""),
          name: entered["name"],
          input: parsed(entered["input"]),
        },
      ];
    }
    if (exited === undefined) return [];
    const { name, output, assignedVariables: assigned } = exited;
    return [
      {
        event: "exited",
        type: type.replace("StateExited", ""),
        name,
        output: parsed(output),
        ...(assigned === undefined ? {} : { assigned: variablesOf(assigned) }),
      },
    ];
  });
}

/** The event holds every variable as JSON text. */
function variablesOf(assigned: Json): unknown {
  return Object.fromEntries(Object.entries(Object(assigned)).map(([name, text]) => [name, parsed(text)]));
}

function parsed(text: unknown): unknown {
  return JSON.parse(String(text));
}

function sameLog(
  actual: readonly unknown[],
  { states = [], ordered }: ExecutionCase,
  wildcards: ReadonlySet<string>,
): boolean {
  if (actual.length !== states.length) return false;
  const same = (entry: unknown, expected: unknown) => matches(normalise(entry), normalise(expected), wildcards);
  if (ordered !== false) return states.every((expected, index) => same(actual[index], expected));
  const rest = [...actual];
  return states.every((expected) => {
    const index = rest.findIndex((entry) => same(entry, expected));
    if (index < 0) return false;
    rest.splice(index, 1);
    return true;
  });
}
