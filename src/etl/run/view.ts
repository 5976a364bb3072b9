import * as z from "zod";

import type { HistoryEvent } from "../asl/types.ts";

import { type JournalRecord, lastStandingOf } from "./journal.ts";
import { maskJsonText, maskSecrets, maskText } from "./mask.ts";
import { isAtIt } from "./process.ts";

type VisitStatus = "running" | "succeeded" | "caught" | "failed" | "stopped";

/** One time that a run was in a state. */
export type StateVisit = {
  readonly state: string;
  /** As the event names it: Task, Pass, Choice, … */
  readonly type: string;
  /** The child execution of a Distributed Map, where it was in one. */
  readonly execution: string | undefined;
  status: VisitStatus;
  readonly startedAt: string;
  endedAt: string | undefined;
  /** JSON text. */
  readonly input: string | undefined;
  output: string | undefined;
  retries: number;
  error: string | undefined;
  cause: string | undefined;
  readonly logs: string[];
  readonly events: { readonly id: number; readonly type: string; readonly timestamp: string }[];
};

type RunStatus = "RUNNING" | "INTERRUPTED" | "SUCCEEDED" | "FAILED" | "TIMED_OUT" | "ABORTED";

/** A run, as its journal tells it. */
export type RunView = {
  readonly run: string;
  readonly pipeline: string;
  readonly definition: string;
  readonly status: RunStatus;
  readonly startedAt: string;
  readonly endedAt: string | undefined;
  readonly input: unknown;
  readonly output: unknown;
  readonly error: string | undefined;
  readonly cause: string | undefined;
  readonly redrives: number;
  readonly visits: readonly StateVisit[];
};

/** Reads a journal as visits of states, with what looks like a secret masked; `undefined` where it has no beginning. */
export function viewRun(records: readonly JournalRecord[]): RunView | undefined {
  const started = records.find((record) => record.type === "started");
  if (started === undefined) return undefined;
  const visits = visitsOf(records);
  const last = lastStandingOf(records) ?? started;
  const end = last.type === "ended" ? last : undefined;
  return {
    run: started.run,
    pipeline: started.pipeline,
    definition: started.definition,
    status: last.type === "ended" ? last.status : isAtIt(last) ? "RUNNING" : "INTERRUPTED",
    startedAt: started.at,
    endedAt: end?.at,
    input: maskSecrets(started.input),
    output: end?.output === undefined ? undefined : maskSecrets(end.output),
    error: end?.error,
    cause: textOf(end?.cause),
    redrives: records.filter(({ type }) => type === "resumed").length,
    visits,
  };
}

/** What is known while a journal is read. */
type Reading = {
  readonly visits: StateVisit[];
  /** The visit that an event tells of, by {@link keyOf}. */
  readonly owners: Map<string, StateVisit>;
  /** The visits that have not ended, of each execution: thousands may have. */
  readonly open: Map<string | undefined, StateVisit[]>;
};

const keyOf = (execution: string | undefined, eventId: number) => `${execution ?? ""}#${String(eventId)}`;

function visitsOf(records: readonly JournalRecord[]): StateVisit[] {
  const reading: Reading = { visits: [], owners: new Map(), open: new Map() };
  for (const record of records) {
    if (record.type === "event") follow(record.event, undefined, reading);
    else if (record.type === "child") follow(record.event, record.execution, reading);
    else if (record.type === "log")
      reading.owners
        .get(keyOf(record.execution, record.entered))
        ?.logs.push(`${record.stream}: ${maskText(record.text)}`);
    else if (record.type === "resumed" || record.type === "ended") close(reading, record);
  }
  return reading.visits;
}

const detailsSchema = z.object({
  name: z.string().optional(),
  input: z.string().optional(),
  output: z.string().optional(),
  error: z.string().optional(),
  cause: z.string().optional(),
});

function follow(event: HistoryEvent, execution: string | undefined, { visits, owners, open }: Reading): void {
  const { id, previousEventId, type, timestamp } = event;
  const details = detailsSchema.parse(detailsOf(event));
  const going = open.get(execution) ?? [];
  open.set(execution, going);
  let visit = owners.get(keyOf(execution, previousEventId));
  const outer = /^(?<type>Map|Parallel)(?:State(?!Entered|Exited)|Iteration)/u.exec(type)?.groups?.["type"];
  if (outer !== undefined) {
    // It follows an event of a branch or an iteration, but tells of the state around them.
    visit = going.findLast((one) => one.type === outer) ?? visit;
  }
  if (type.endsWith("StateEntered")) {
    visit = enter(type, timestamp, execution, details);
    visits.push(visit);
    going.push(visit);
  } else if (type.endsWith("StateExited")) {
    // The event before an exit may be one of a branch: the name decides.
    if (visit?.state !== details.name) visit = going.findLast((one) => one.state === details.name);
    if (visit !== undefined) exit(visit, timestamp, details.output);
    const at = visit === undefined ? -1 : going.lastIndexOf(visit);
    if (at !== -1) going.splice(at, 1);
  } else if (visit !== undefined) note(visit, type, details);
  if (visit === undefined) return;
  owners.set(keyOf(execution, id), visit);
  visit.events.push({ id, type, timestamp });
}

type Details = z.infer<typeof detailsSchema>;

function enter(
  type: string,
  startedAt: string,
  execution: string | undefined,
  { name = "", input }: Details,
): StateVisit {
  return {
    state: name,
    type: type.slice(0, -"StateEntered".length),
    execution,
    status: "running",
    startedAt,
    endedAt: undefined,
    input: jsonOf(input),
    output: undefined,
    retries: -1,
    error: undefined,
    cause: undefined,
    logs: [],
    events: [],
  };
}

function exit(visit: StateVisit, at: string, output: string | undefined): void {
  visit.status = visit.error === undefined ? "succeeded" : "caught";
  visit.endedAt = at;
  visit.output = jsonOf(output);
}

function note(visit: StateVisit, type: string, { error, cause }: Details): void {
  if (/(?:Task|LambdaFunction|Activity)Scheduled$/u.test(type)) visit.retries += 1;
  if (/(?:Failed|TimedOut)$/u.test(type)) {
    visit.error = error ?? (type.endsWith("TimedOut") ? "States.Timeout" : type);
    visit.cause = textOf(cause);
  } else if (type.endsWith("Succeeded")) {
    visit.error = undefined;
    visit.cause = undefined;
  }
}

function close({ open }: Reading, record: JournalRecord & { readonly at: string }): void {
  for (const visit of [...open.values()].flat()) {
    visit.endedAt = record.at;
    if (record.type !== "ended") visit.status = "stopped";
    else if (record.status === "SUCCEEDED") visit.status = visit.error === undefined ? "succeeded" : "failed";
    else if (record.status === "ABORTED") visit.status = "stopped";
    else {
      visit.status = "failed";
      visit.error ??= record.error;
      visit.cause ??= textOf(record.cause);
    }
  }
  open.clear();
}

function jsonOf(text: string | undefined): string | undefined {
  return text === undefined ? undefined : maskJsonText(text);
}

function textOf(text: string | undefined): string | undefined {
  return text === undefined ? undefined : maskText(text);
}

function detailsOf(event: HistoryEvent): unknown {
  const found = Object.entries(event).find(([key]) => key.endsWith("EventDetails"));
  return found?.[1] ?? {};
}
