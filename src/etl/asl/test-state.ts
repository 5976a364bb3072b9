import { Cancellation } from "./cancellation.ts";
import { compileState, languageOf } from "./compile.ts";
import { compileErrorHandling, findHandler } from "./error-handling.ts";
import { Execution, Visit, type Branch, type Inspection } from "./execution.ts";
import { StatesError } from "./failure.ts";
import { History } from "./history.ts";
import { runState } from "./run.ts";
import type { QueryLanguage } from "./scope.ts";
import { checkContext, checkMock, findState, InvalidTestError } from "./test-state-checks.ts";
import { TaskFailure, type Clock, type Invoke, type Json, type JsonObject } from "./types.ts";
import { VirtualClock } from "./virtual-clock.ts";

export { InvalidTestError } from "./test-state-checks.ts";

/** What TestState is asked: one state alone, with an input. */
export type TestStateOptions = {
  /** A state's definition, or a whole machine's where `stateName` says which (nested ones too). */
  readonly definition: string | object;
  readonly stateName?: string;
  readonly input: Json;
  readonly variables?: JsonObject;
  /** The Context object; a made-up one by default. */
  readonly context?: JsonObject;
  /** INFO, without inspectionData, by default. */
  readonly inspectionLevel?: "INFO" | "DEBUG" | "TRACE";
  /** In place of the work: nothing is invoked. */
  readonly mock?: TestMock;
  /** Does the work where there is no mock. */
  readonly invoke?: Invoke;
  readonly roleArn?: string;
  /** Of the ARNs in the Context object; 000000000000 by default. */
  readonly accountId?: string;
  /** Waits take no time by default. */
  readonly clock?: Clock;
  readonly random?: () => number;
  readonly stateConfiguration?: {
    /** How often the retrier has tried already. */
    readonly retrierRetryCount?: number;
    /** How many iterations of a Map have failed, for what it tolerates. */
    readonly mapIterationFailureCount?: number;
    /** Taken and not needed: a mocked failure ends a Map or Parallel whichever of its states it came from. */
    readonly errorCausedByState?: string;
    /** The text of the object that an ItemReader would read. */
    readonly mapItemReaderData?: string;
  };
};

/** One of `result` and `errorOutput`. */
export type TestMock = {
  readonly result?: Json;
  readonly errorOutput?: { readonly error?: string; readonly cause?: string };
};

/** As the TestState API answers. */
export type TestStateResult = {
  readonly status: "SUCCEEDED" | "FAILED" | "RETRIABLE" | "CAUGHT_ERROR";
  readonly output?: Json;
  readonly error?: string;
  readonly cause?: string;
  readonly nextState?: string;
  /** input, afterInputPath, afterParameters, result, afterResultSelector, afterResultPath, afterArguments, variables, errorDetails, … */
  readonly inspectionData?: JsonObject;
};

/** AWS gives every state under test this name. */
const testedName = "StateName";

/**
 * Runs one state alone.
 *
 * @throws {InvalidTestError} where AWS would answer with a ValidationException or InvalidDefinition
 * @example await testState({ definition, stateName: "Extract", input, mock: { result: {} }, inspectionLevel: "DEBUG" })
 */
export async function testState(options: TestStateOptions): Promise<TestStateResult> {
  const { input, variables = {}, inspectionLevel = "INFO", mock } = options;
  const { definition, language } = findState(options);
  checkContext(options.context, definition);
  checkMock(mock, definition);
  if (definition["Type"] === "Task" && mock === undefined && options.roleArn === undefined) {
    throw new InvalidTestError("ValidationException", "RoleArn must be specified when testing a Task state");
  }
  const seen: JsonObject = { input, ...(Object.keys(variables).length === 0 ? {} : { variables }) };
  const inspection: Inspection = {
    note: (step, value) => {
      seen[step] = value;
    },
    substitute: mock === undefined ? undefined : async () => answer(mock),
    retryCount: options.stateConfiguration?.retrierRetryCount,
    readerData: options.stateConfiguration?.mapItemReaderData,
    failedIterations: options.stateConfiguration?.mapIterationFailureCount,
    context: options.context,
  };
  const inspected = (): { readonly inspectionData?: JsonObject } =>
    inspectionLevel === "INFO" ? {} : { inspectionData: seen };
  // Retry and Catch are decided here: a test runs the state once.
  const { Retry: _retry, Catch: _catch, ...once } = definition;
  const state = compileState(once, { name: testedName, language });
  const branch = startBranch(options);
  try {
    const { output, next } = await runState(state, branch, input, inspection);
    return { status: "SUCCEEDED", output, ...(next === undefined ? {} : { nextState: next }), ...inspected() };
  } catch (error) {
    if (!(error instanceof StatesError)) throw error;
    const end = await handle(error, { options, definition, language, branch, inspection });
    if (end.errorDetails !== undefined) seen["errorDetails"] = end.errorDetails;
    return { ...namesOf(error), ...end.result, ...inspected() };
  }
}

function startBranch(options: TestStateOptions): Branch {
  const {
    input,
    variables = {},
    roleArn = null,
    clock = new VirtualClock(),
    random = Math.random,
    mock,
    accountId,
  } = options;
  const invoke: Invoke = mock === undefined ? (options.invoke ?? noWork) : async () => answer(mock);
  const history = new History({ clock, listener: undefined, lastId: -1 });
  const account = accountId === undefined ? {} : { accountId };
  const execution = new Execution({
    options: { input, invoke, clock, random, roleArn, type: "EXPRESS", ...account },
    history,
    name: "test",
    input,
  });
  return { execution, cancellation: new Cancellation(), variables, map: undefined, lastEventId: 0 };
}

function answer({ result = null, errorOutput }: TestMock): Json {
  if (errorOutput === undefined) return result;
  const { error, cause } = errorOutput;
  throw new StatesError({ error, cause, placed: true });
}

async function noWork(): Promise<never> {
  throw new TaskFailure({ error: "States.TaskFailed", cause: "Nothing was given to do the work." });
}

type Failed = {
  readonly options: TestStateOptions;
  readonly definition: JsonObject;
  readonly language: QueryLanguage;
  readonly branch: Branch;
  readonly inspection: Inspection;
};

type Handled = { readonly result: TestStateResult; readonly errorDetails?: JsonObject };

/** What Retry or Catch would do about a failure. */
async function handle(
  failure: StatesError,
  { options, definition, language, branch, inspection }: Failed,
): Promise<Handled> {
  const { retriers, catchers } = compileErrorHandling(definition, languageOf(definition, language));
  const retrier = findHandler(retriers, failure);
  const count = options.stateConfiguration?.retrierRetryCount ?? 0;
  const retryDetails = retrier === undefined ? {} : { retryIndex: retriers.indexOf(retrier) };
  if (retrier !== undefined && count < retrier.maxAttempts) {
    return {
      result: { status: "RETRIABLE" },
      errorDetails: { ...retryDetails, retryBackoffIntervalSeconds: retrier.delaySeconds(count) },
    };
  }
  const catcher = findHandler(catchers, failure);
  if (catcher === undefined) return { result: { status: "FAILED" }, ...(retrier && { errorDetails: retryDetails }) };
  const visit = new Visit({
    branch,
    state: testedName,
    input: options.input,
    enteredEventId: 0,
    inspection: { ...inspection, retryCount: count },
  });
  const { output, next } = await catcher.outcome(visit, failure);
  return {
    result: { status: "CAUGHT_ERROR", output, ...(next === undefined ? {} : { nextState: next }) },
    errorDetails: { ...retryDetails, catchIndex: catchers.indexOf(catcher) },
  };
}

function namesOf({ error, failureCause }: StatesError): { readonly error?: string; readonly cause?: string } {
  return { ...(error === undefined ? {} : { error }), ...(failureCause === undefined ? {} : { cause: failureCause }) };
}
