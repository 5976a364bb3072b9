import type { Invoke, Json, JsonObject } from "./types.ts";

/** What TestState is asked: one state alone, with an input. */
export type TestStateOptions = {
  /** A state's definition, or a whole machine's where `stateName` says which. */
  readonly definition: string | object;
  readonly stateName?: string;
  readonly input: Json;
  readonly variables?: JsonObject;
  /** `$$` of the state; AWS fills none by default. */
  readonly context?: JsonObject;
  readonly inspectionLevel?: "INFO" | "DEBUG" | "TRACE";
  /** In place of the work: nothing is invoked. */
  readonly mock?:
    | { readonly result: Json }
    | { readonly errorOutput: { readonly error?: string; readonly cause?: string } };
  /** Does the work where there is no mock. */
  readonly invoke?: Invoke;
  readonly stateConfiguration?: {
    readonly retrierRetryCount?: number;
    readonly mapIterationFailureCount?: number;
    readonly errorCausedByState?: string;
    readonly mapItemReaderData?: string;
  };
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

/**
 * Runs one state alone.
 *
 * @throws {InvalidTestError} where AWS would answer with a ValidationException or InvalidDefinition.
 */
export async function testState(_options: TestStateOptions): Promise<TestStateResult> {
  return { status: "FAILED", error: "States.Runtime", cause: "The interpreter is being written" };
}
