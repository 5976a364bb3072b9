import type { Cancellation } from "./cancellation.ts";
import type { Branch, Execution } from "./execution.ts";
import { StatesError, StoppedError } from "./failure.ts";
import { runGraph } from "./run.ts";
import type { StateGraph } from "./state.ts";
import type { ExecutionFailure, ExecutionResult, Json } from "./types.ts";

/** Runs an execution from its first event to its last; rejects only where the caller's own code is broken. */
export async function runExecution(
  execution: Execution,
  { graph, input, cancellation, stoppedAs = () => "ABORTED" }: Run,
): Promise<ExecutionResult> {
  const { history, options } = execution;
  const { resumeFrom } = options;
  const branch: Branch = {
    execution,
    cancellation,
    variables: resumeFrom?.variables ?? {},
    map: undefined,
    lastEventId: resumeFrom?.lastEventId ?? 0,
  };
  if (resumeFrom === undefined) {
    history.add(branch, "ExecutionStarted", () => ({
      executionStartedEventDetails: {
        input: JSON.stringify(input),
        inputDetails: { truncated: false },
        roleArn: options.roleArn ?? "",
      },
    }));
    // On AWS the first state follows nothing.
    branch.lastEventId = 0;
  } else {
    history.add(branch, "ExecutionRedriven", () => ({
      executionRedrivenEventDetails: { redriveCount: resumeFrom.redriveCount },
    }));
  }
  try {
    const output = await runGraph(graph, branch, { input: resumeFrom?.input ?? input, startAt: resumeFrom?.state });
    history.add(branch, "ExecutionSucceeded", () => ({
      executionSucceededEventDetails: { output: JSON.stringify(output), outputDetails: { truncated: false } },
    }));
    return { status: "SUCCEEDED", output };
  } catch (error) {
    if (error instanceof StoppedError) return addStop(branch, stoppedAs());
    if (!(error instanceof StatesError)) throw error;
    const failure = { status: "FAILED", ...detailsOf(error) } as const;
    history.add(branch, "ExecutionFailed", () => ({ executionFailedEventDetails: detailsOf(error) }));
    return failure;
  }
}

type Run = {
  readonly graph: StateGraph;
  readonly input: Json;
  readonly cancellation: Cancellation;
  /** Why the cancellation came, asked once it has. */
  readonly stoppedAs?: () => "ABORTED" | "TIMED_OUT";
};

function addStop(branch: Branch, status: "ABORTED" | "TIMED_OUT"): ExecutionFailure {
  const { history } = branch.execution;
  if (status === "ABORTED") {
    history.add(branch, "ExecutionAborted", () => ({ executionAbortedEventDetails: {} }));
    return { status };
  }
  branch.lastEventId = 0;
  history.add(branch, "ExecutionTimedOut", () => ({ executionTimedOutEventDetails: { error: "States.Timeout" } }));
  return { status, error: "States.Timeout" };
}

function detailsOf({ error, failureCause }: StatesError): Omit<ExecutionFailure, "status"> {
  return { ...(error === undefined ? {} : { error }), ...(failureCause === undefined ? {} : { cause: failureCause }) };
}
