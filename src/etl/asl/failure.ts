/** A failure inside a machine, under the name that Retry and Catch match. */
export class StatesError extends Error {
  override readonly name = "StatesError";
  /** Absent for a Fail state without Error. */
  readonly error: string | undefined;
  readonly failureCause: string | undefined;
  /** A further name that matches: a missed heartbeat is reported as States.Timeout. */
  readonly alias: string | undefined;
  /** The state it happened in has already been named in the cause. */
  readonly placed: boolean;
  /** The field at fault, as history's EvaluationFailed names it. */
  readonly location: string | undefined;

  constructor({ error, cause, alias, placed = false, location }: StatesErrorFacts) {
    super([error, cause].filter((part) => part !== undefined).join(": "));
    this.error = error;
    this.failureCause = cause;
    this.alias = alias;
    this.placed = placed;
    this.location = location;
  }
}

type StatesErrorFacts = {
  readonly error: string | undefined;
  readonly cause: string | undefined;
  readonly alias?: string;
  readonly placed?: boolean;
  readonly location?: string | undefined;
};

/** The definition met data it cannot work with; nothing catches it. */
export function runtimeError(cause: string): StatesError {
  return new StatesError({ error: "States.Runtime", cause });
}

/** A JSONata expression failed. */
export function queryError(cause: string, location?: string): StatesError {
  return new StatesError({ error: "States.QueryEvaluationError", cause, location });
}

/** An evaluation's failure, with the state and the event of its entry named in the cause as AWS does. */
export function placedIn(failure: StatesError, { state, enteredEventId }: Place): StatesError {
  if (failure.placed) return failure;
  const { error, failureCause, location } = failure;
  return new StatesError({
    error,
    cause: `An error occurred while executing the state '${state}' (entered at the event id #${enteredEventId}). ${failureCause}`,
    placed: true,
    location,
  });
}

type Place = { readonly state: string; readonly enteredEventId: number };

/** The execution, or the branch, was stopped from outside: nothing catches it and no event tells of it. */
export class StoppedError extends Error {
  override readonly name = "StoppedError";
}
