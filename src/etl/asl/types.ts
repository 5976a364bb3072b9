/** Any JSON value: what states pass to each other. */
export type Json = null | boolean | number | string | Json[] | JsonObject;
export type JsonObject = { [key: string]: Json };

/** What is wrong with a definition, and where. */
export type Diagnostic = {
  readonly severity: "ERROR" | "WARNING";
  /** AWS's code: `INVALID_JSON_DESCRIPTION`, `SCHEMA_VALIDATION_FAILED`, `MISSING_TRANSITION_TARGET`, … */
  readonly code: string;
  readonly message: string;
  /** The way into the definition, e.g. `/States/Choose/Choices[0]/Next`; `/` for the whole document. */
  readonly location: string;
};

/** One unit of work that a Task state asks for. */
export type TaskCall = {
  readonly stateName: string;
  /** The ARN in `Resource`, as written. */
  readonly resource: string;
  /** `Parameters` or `Arguments` evaluated, or the effective input without them. */
  readonly input: Json;
  readonly timeoutSeconds: number | undefined;
  readonly heartbeatSeconds: number | undefined;
  /** `Credentials` evaluated. */
  readonly credentials: Json | undefined;
  /** `$$.Task.Token`, for `.sync` and `.waitForTaskToken`. */
  readonly taskToken: string | undefined;
};

export type TaskContext = {
  /** Aborted at the timeout, at a missed heartbeat, or when the execution stops: kill the work. */
  readonly signal: AbortSignal;
  /** 0 for the first try, then one more at each retry. */
  readonly attempt: number;
  /** The event with which the state was entered. */
  readonly enteredEventId: number;
  /** The child execution of a Distributed Map, where the state is in one. */
  readonly childExecution: string | undefined;
  /** Tells the interpreter that the work is alive (`HeartbeatSeconds` starts anew). */
  readonly heartbeat: () => void;
};

/** Does the work of a Task. A rejection with {@link TaskFailure} names the error; any other is `States.TaskFailed`. */
export type Invoke = (call: TaskCall, context: TaskContext) => Promise<unknown>;

/** Time as the interpreter sees it, in milliseconds; tests hand in a virtual one. */
export type Clock = {
  readonly now: () => number;
  /** Resolves after `ms`; rejects (or resolves) early when `signal` aborts. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
};

/** What a Distributed Map reads its items from: `ItemReader` evaluated. */
export type ItemSource = {
  readonly stateName: string;
  readonly resource: string;
  readonly readerConfig: JsonObject;
  readonly parameters: Json;
};

/** Where a Distributed Map writes its results to: `ResultWriter` evaluated. */
export type ResultTarget = {
  readonly stateName: string;
  readonly mapRunArn: string;
  readonly resource: string;
  readonly writerConfig: JsonObject;
  readonly parameters: Json;
};

/** One child execution of a Distributed Map, as ResultWriter exports it. */
export type ChildResult = {
  readonly name: string;
  readonly input: Json;
} & (
  | { readonly status: "SUCCEEDED"; readonly output: Json }
  | { readonly status: "FAILED"; readonly error: string; readonly cause: string }
);

/** Any AWS-shaped history event: `taskFailedEventDetails` and the like stand beside these fields. */
export type HistoryEvent = {
  readonly id: number;
  readonly previousEventId: number;
  readonly type: string;
  /** ISO 8601, from the clock. */
  readonly timestamp: string;
  readonly [details: `${string}EventDetails`]: JsonObject;
};

/** Where an execution that failed goes on. */
export type ResumePoint = {
  /** A state of the top level. */
  readonly state: string;
  readonly input: Json;
  readonly variables: JsonObject;
  /** Id of the last event that is already in the history; new ones count on from it. */
  readonly lastEventId: number;
  /** 1 for the first redrive. */
  readonly redriveCount: number;
};

export type ExecuteOptions = {
  readonly input: Json;
  readonly invoke: Invoke;
  readonly clock: Clock;
  /** In [0, 1): jitter, `States.MathRandom`, `States.UUID`, `$random()` and `$uuid()` draw from it. */
  readonly random: () => number;
  readonly onEvent?: (event: HistoryEvent) => void;
  /** The histories of a Distributed Map's child executions, which AWS keeps apart from the parent's. */
  readonly onChildEvent?: (executionName: string, event: HistoryEvent) => void;
  /** The text of the object (or, for `s3:listObjectsV2`, the list of objects) that an ItemReader names. */
  readonly readItems?: (source: ItemSource) => Promise<string | Uint8Array | Json[]>;
  /** Writes the results; its answer is the Map's result (AWS: `{MapRunArn, ResultWriterDetails: {Bucket, Key}}`). */
  readonly writeResults?: (target: ResultTarget, results: readonly ChildResult[]) => Promise<Json>;
  /** `$$.Execution.Name`; a name drawn from `random` by default. */
  readonly executionName?: string;
  /** `$$.StateMachine.Name`; "machine" by default. */
  readonly machineName?: string;
  /** Of the ARNs in the Context object and the history; us-east-1 by default. */
  readonly region?: string;
  /** 000000000000 by default. */
  readonly accountId?: string;
  /** null where there is none, as TestState allows. */
  readonly roleArn?: string | null;
  /** STANDARD by default; an EXPRESS execution has another ARN and no redrives. */
  readonly type?: "STANDARD" | "EXPRESS";
  /** Aborts the execution: it ends as ABORTED. */
  readonly signal?: AbortSignal;
  /** Redrive: starts at this state and not at `StartAt`. */
  readonly resumeFrom?: ResumePoint;
};

export type ExecutionFailure = {
  readonly status: "FAILED" | "TIMED_OUT" | "ABORTED";
  /** Absent where the definition gave none (a Fail state without Error). */
  readonly error?: string;
  readonly cause?: string;
};

export type ExecutionResult = { readonly status: "SUCCEEDED"; readonly output: Json } | ExecutionFailure;

/** A handler's failure with the name that Retry and Catch match; throw it from {@link Invoke}. */
export class TaskFailure extends Error {
  override readonly name = "TaskFailure";
  readonly error: string | undefined;
  readonly failureCause: string | undefined;

  constructor({ error, cause }: { readonly error?: string | undefined; readonly cause?: string | undefined }) {
    super([error, cause].filter((part) => part !== undefined).join(": "));
    this.error = error;
    this.failureCause = cause;
  }
}
