import { InvalidTestError, testState, type TestMock } from "../../src/etl/asl/test-state.ts";
import type { Json, JsonObject } from "../../src/etl/asl/types.ts";
import { matches, normalise } from "./compare.ts";

/** One recorded TestState call. */
export type TestStateCase = {
  readonly id: string;
  readonly category: string;
  readonly request: {
    readonly definition: object;
    readonly stateName?: string;
    readonly input?: Json;
    readonly variables?: JsonObject;
    readonly context?: JsonObject;
    readonly inspectionLevel?: "INFO" | "DEBUG" | "TRACE";
    readonly mock?: {
      readonly result?: Json;
      readonly errorOutput?: { readonly error: string; readonly cause: string };
    };
    readonly stateConfiguration?: { readonly retrierRetryCount?: number };
  };
  readonly expected: Record<string, unknown>;
  readonly wildcards: readonly string[];
};

/** Makes a recorded call, and compares the whole answer. */
export async function judgeTestState({ id, category, request, expected, wildcards }: TestStateCase) {
  const { mock, input = {}, ...rest } = request;
  const made = { ...rest, input, ...(mock === undefined ? {} : { mock: readMock(mock) }) };
  const got = await answerOf(made, expected).catch(String);
  return { id, category, ok: matches(normalise(got), normalise(wanted(expected)), new Set(wildcards)), got };
}

type Request = Omit<TestStateCase["request"], "mock" | "input"> & { readonly input: Json; readonly mock?: TestMock };

async function answerOf(request: Request, expected: Record<string, unknown>): Promise<unknown> {
  const { inspectionData } = expected;
  // What the real function gave is known from the inspection alone; the recording has no other trace of it.
  const result: unknown =
    typeof inspectionData === "object" && inspectionData !== null && "result" in inspectionData
      ? inspectionData.result
      : undefined;
  // The recording left the role out; its absence shows in the answer, and a Pass state was tested without one.
  const { type, hasRole } = roleOf(request, expected);
  try {
    return await testState({
      ...request,
      accountId: "111111111111",
      ...(hasRole && type !== "Pass" ? { roleArn: "arn:aws:iam::111111111111:role/test" } : {}),
      ...(result === undefined ? {} : { invoke: async () => result }),
    });
  } catch (error) {
    if (!(error instanceof InvalidTestError)) throw error;
    return { exception: { code: error.code, message: error.message } };
  }
}

function roleOf({ definition, stateName }: Request, expected: Record<string, unknown>) {
  const { States: states } = definition as { readonly States?: Record<string, { readonly Type?: string }> };
  const { Type: type } = (states === undefined ? definition : (states[stateName ?? ""] ?? {})) as {
    readonly Type?: string;
  };
  return { type, hasRole: !JSON.stringify(expected).includes("RoleArn must be specified") };
}

/** The API takes a mock as JSON text; the recorder parsed what it could. */
function readMock({ result, errorOutput }: NonNullable<TestStateCase["request"]["mock"]>): TestMock {
  return {
    ...(result === undefined ? {} : { result: typeof result === "string" ? parsed(result) : result }),
    ...(errorOutput === undefined ? {} : { errorOutput }),
  };
}

function parsed(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return text;
  }
}

/** Refusals were recorded in two forms; both hold a code and a message. */
function wanted(expected: Record<string, unknown>): unknown {
  const { exception } = expected;
  if (typeof exception !== "object" || exception === null) return expected;
  if ("Error" in exception) {
    const { Code: code, Message: message } = exception.Error as { readonly Code: string; readonly Message: string };
    return { exception: { code, message } };
  }
  if (!("exception_typename" in exception && "exception_value" in exception)) return expected;
  const message = String(exception.exception_value).replace(
    /^An error occurred \(\w+\) when calling the \w+ operation: /u,
    "",
  );
  return { exception: { code: exception.exception_typename, message } };
}
