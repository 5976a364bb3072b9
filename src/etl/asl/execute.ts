import { Cancellation } from "./cancellation.ts";
import { Execution } from "./execution.ts";
import { History } from "./history.ts";
import { exceedsPayloadLimit } from "./json.ts";
import type { Machine } from "./parse.ts";
import { runExecution } from "./run-execution.ts";
import { sleepUntil } from "./sleep.ts";
import type { Clock, ExecuteOptions, ExecutionResult } from "./types.ts";

/**
 * Runs a machine to its end; what the machine or its tasks do is in the result, never in a rejection.
 *
 * @example await execute(machine, { input: {}, invoke, clock, random: Math.random })
 */
export async function execute(machine: Machine, options: ExecuteOptions): Promise<ExecutionResult> {
  const { clock, input, onEvent: listener, resumeFrom, signal } = options;
  if (exceedsPayloadLimit(input)) return tooLarge;
  const history = new History({ clock, listener, lastId: resumeFrom?.lastEventId ?? 0 });
  const execution = new Execution({ options, history, name: options.executionName, input });
  const cancellation = new Cancellation();
  let stoppedAs: "ABORTED" | "TIMED_OUT" = "ABORTED";
  const abort = () => cancellation.cancel();
  signal?.addEventListener("abort", abort, { once: true });
  if (signal?.aborted === true) abort();
  const stopTimer = startTimer(clock, machine.timeoutSeconds, () => {
    stoppedAs = "TIMED_OUT";
    cancellation.cancel({ isSilent: true });
  });
  try {
    return await runExecution(execution, { graph: machine.graph, input, cancellation, stoppedAs: () => stoppedAs });
  } finally {
    stopTimer();
    signal?.removeEventListener("abort", abort);
  }
}

/** TimeoutSeconds of the whole machine. */
function startTimer(clock: Clock, seconds: number | undefined, onTimeout: () => void): () => void {
  if (seconds === undefined) return () => undefined;
  const timer = new AbortController();
  const ring = () => {
    if (!timer.signal.aborted) onTimeout();
  };
  sleepUntil(clock, clock.now() + seconds * 1000, timer.signal).then(ring, ring);
  return () => timer.abort();
}

const tooLarge: ExecutionResult = {
  status: "FAILED",
  error: "States.DataLimitExceeded",
  cause: "The input of the execution has a size exceeding the maximum number of bytes service limit.",
};
