import type { Machine } from "./parse.ts";
import type { ExecuteOptions, ExecutionResult } from "./types.ts";

/** Runs a machine to its end; never rejects for what the machine or its tasks do. */
export async function execute(_machine: Machine, _options: ExecuteOptions): Promise<ExecutionResult> {
  return { status: "FAILED", error: "States.Runtime", cause: "The interpreter is being written" };
}
