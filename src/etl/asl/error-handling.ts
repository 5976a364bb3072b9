import { compileAssign } from "./assign.ts";
import { addEvaluationFailure } from "./evaluation-failure.ts";
import type { Visit } from "./execution.ts";
import { placedIn, StatesError } from "./failure.ts";
import { numberField, objectsField, textField, textsField } from "./fields.ts";
import { compileResultPath } from "./json-path-flow.ts";
import { compileJsonata } from "./jsonata/expression.ts";
import type { QueryLanguage } from "./scope.ts";
import { sleep } from "./sleep.ts";
import type { Outcome } from "./state.ts";
import type { JsonObject } from "./types.ts";

/** One entry of Retry. */
type Retrier = {
  readonly errorEquals: readonly string[];
  readonly maxAttempts: number;
  /** The wait before a further try, without jitter; `attempt` counts from 0. */
  readonly delaySeconds: (attempt: number) => number;
  readonly jitter: boolean;
};

/** One entry of Catch. */
type Catcher = {
  readonly errorEquals: readonly string[];
  readonly outcome: (visit: Visit, failure: StatesError) => Promise<Outcome>;
};

/** Retry and Catch of a Task, Parallel or Map state. */
export type ErrorHandling = {
  readonly type: "Task" | "Parallel" | "Map";
  readonly retriers: readonly Retrier[];
  readonly catchers: readonly Catcher[];
};

export function compileErrorHandling(definition: JsonObject, language: QueryLanguage): ErrorHandling {
  const { Type: type } = definition;
  return {
    type: type === "Parallel" || type === "Map" ? type : "Task",
    retriers: objectsField(definition, "Retry").map(compileRetrier),
    catchers: objectsField(definition, "Catch").map((entry, index) => compileCatcher(entry, { language, index })),
  };
}

function compileRetrier(entry: JsonObject): Retrier {
  const interval = numberField(entry, "IntervalSeconds") ?? 1;
  const rate = numberField(entry, "BackoffRate") ?? 2;
  const longest = numberField(entry, "MaxDelaySeconds") ?? Infinity;
  return {
    errorEquals: textsField(entry, "ErrorEquals"),
    maxAttempts: numberField(entry, "MaxAttempts") ?? 3,
    delaySeconds: (attempt) => Math.min(interval * rate ** attempt, longest),
    jitter: textField(entry, "JitterStrategy") === "FULL",
  };
}

function compileCatcher(entry: JsonObject, { language, index }: { language: QueryLanguage; index: number }): Catcher {
  const errorEquals = textsField(entry, "ErrorEquals");
  const next = textField(entry, "Next");
  const assign = compileAssign(entry["Assign"], language, `Catch[${index}]/Assign`);
  if (language === "JSONata") {
    const { Output: template } = entry;
    const output = template === undefined ? undefined : compileJsonata(template, `Catch[${index}]/Output`);
    return {
      errorEquals,
      async outcome(visit, failure) {
        const errorOutput = errorOutputOf(failure);
        const scope = visit.scope(visit.input, { errorOutput });
        const assigned = await assign(scope);
        return { output: output === undefined ? errorOutput : await output(scope), assigned, next };
      },
    };
  }
  const merge = compileResultPath(entry["ResultPath"]);
  return {
    errorEquals,
    async outcome(visit, failure) {
      const errorOutput = errorOutputOf(failure);
      return { output: merge(visit.input, errorOutput), assigned: await assign(visit.scope(errorOutput)), next };
    },
  };
}

function errorOutputOf({ error, failureCause }: StatesError): JsonObject {
  return { Error: error ?? "", Cause: failureCause ?? "" };
}

/** The first entry whose ErrorEquals names the failure. */
export function findHandler<Handler extends { readonly errorEquals: readonly string[] }>(
  handlers: readonly Handler[],
  failure: StatesError,
): Handler | undefined {
  if (failure.error === "States.Runtime") return undefined;
  return handlers.find(({ errorEquals }) => errorEquals.some((name) => matches(name, failure)));
}

function matches(name: string, { error, alias }: StatesError): boolean {
  if (name === "States.ALL") return true;
  if (name === "States.TaskFailed") return error !== "States.Timeout";
  return name === error || (alias !== undefined && name === alias);
}

/** Tries a state until it succeeds, its retriers give up, and its catchers have no answer. */
export async function runHandled(
  visit: Visit,
  handling: ErrorHandling,
  attempt: (visit: Visit) => Promise<Outcome>,
): Promise<Outcome> {
  let used: Map<Retrier, number> | undefined;
  visit.retryCount ??= 0;
  for (;;) {
    try {
      return await attempt(visit);
    } catch (error) {
      if (!(error instanceof StatesError)) throw error;
      if (error.location !== undefined && !error.placed) addEvaluationFailure(visit, error);
      const failure = placedIn(error, visit);
      const retrier = findHandler(handling.retriers, failure);
      const count = retrier === undefined ? 0 : (used?.get(retrier) ?? 0);
      if (retrier === undefined || count >= retrier.maxAttempts) return handOn(visit, handling, failure);
      used ??= new Map();
      used.set(retrier, count + 1);
      await backOff(visit, retrier, count);
      visit.retryCount = (visit.retryCount ?? 0) + 1;
    }
  }
}

/** No retrier takes the failure any more: a catcher does, or the state fails with it. */
async function handOn(visit: Visit, { type, catchers }: ErrorHandling, failure: StatesError): Promise<Outcome> {
  const { branch } = visit;
  const before = branch.lastEventId;
  const catcher = findHandler(catchers, failure);
  if (type !== "Task") addStateFailed(visit, type, failure);
  else if (catcher === undefined) addTaskAborted(visit, failure);
  if (catcher === undefined) throw failure;
  try {
    return await catcher.outcome(visit, failure);
  } catch (error) {
    if (!(error instanceof StatesError)) throw error;
    // AWS tells of the catcher's failure from where the state stood before it failed.
    branch.lastEventId = before;
    if (error.location !== undefined && !error.placed) addEvaluationFailure(visit, error);
    if (type !== "Task") addStateFailed(visit, type, error);
    throw placedIn(error, visit);
  }
}

/** AWS has no such event for a States.Runtime, which ends everything. */
function addStateFailed({ branch }: Visit, type: "Parallel" | "Map", { error }: StatesError): void {
  if (error !== "States.Runtime") branch.execution.history.add(branch, `${type}StateFailed`);
}

/** A Task that ends its branch, which goes on from the event before this one. */
function addTaskAborted({ branch }: Visit, { error }: StatesError): void {
  if (branch.onCut === undefined || error === "States.Runtime") return;
  branch.execution.history.add({ lastEventId: branch.lastEventId }, "TaskStateAborted");
}

async function backOff({ branch }: Visit, retrier: Retrier, attempt: number): Promise<void> {
  const { random } = branch.execution.options;
  const ms = retrier.delaySeconds(attempt) * 1000 * (retrier.jitter ? random() : 1);
  await sleep(branch, ms);
}
