import { languageOf } from "./compile.ts";
import { MetacoinError } from "../../errors.ts";
import { isObject, parseJson } from "./json.ts";
import { parseResource } from "./resource.ts";
import type { QueryLanguage } from "./scope.ts";
import type { TestMock, TestStateOptions } from "./test-state.ts";
import type { Diagnostic, Json, JsonObject } from "./types.ts";
import { checkLoneState, checkMachine } from "./validate/machine.ts";

/** A state to test, and the language it has if it does not choose its own. */
type Found = { readonly definition: JsonObject; readonly language: QueryLanguage };

/** The state that is meant: the definition itself, or one of a machine's by its name. */
export function findState({ definition: given, stateName }: Pick<TestStateOptions, "definition" | "stateName">): Found {
  const definition: unknown = typeof given === "string" ? parseDefinition(given) : given;
  if (!isObject(definition)) throw new InvalidTestError("InvalidDefinition", "Definition must be a valid JSON object");
  if (stateName === "") {
    throw new InvalidTestError(
      "ParamValidationError",
      "Parameter validation failed:\nInvalid length for parameter stateName, value: 0, valid min length: 1",
    );
  }
  if (stateName === undefined) {
    refuse(checkLoneState(definition));
    return { definition, language: languageOf(definition, "JSONPath") };
  }
  refuse(checkMachine(definition, "STANDARD"));
  const found = findNested(definition, stateName);
  if (found === undefined) throw new InvalidTestError("ValidationException", "State not found in definition");
  return { definition: found, language: languageOf(definition, "JSONPath") };
}

function parseDefinition(text: string): Json {
  try {
    return parseJson(text);
  } catch (error) {
    throw new InvalidTestError("InvalidDefinition", error instanceof Error ? error.message : String(error));
  }
}

function refuse(diagnostics: readonly Diagnostic[]): void {
  const error = diagnostics.find(({ severity }) => severity === "ERROR");
  if (error === undefined) return;
  const { code, message, location } = error;
  throw new InvalidTestError(
    "InvalidDefinition",
    `Invalid State Machine Definition: '${code}: ${message} at ${location}'`,
  );
}

/** Looks through a machine and everything nested in it. */
function findNested(graph: JsonObject, name: string): JsonObject | undefined {
  const { States: states } = graph;
  if (!isObject(states)) return undefined;
  const here = Object.hasOwn(states, name) ? states[name] : undefined;
  if (isObject(here)) return here;
  for (const state of Object.values(states).filter(isObject)) {
    const branches = Array.isArray(state["Branches"]) ? state["Branches"] : [];
    for (const nested of [...branches, state["ItemProcessor"], state["Iterator"]]) {
      const found = isObject(nested) ? findNested(nested, name) : undefined;
      if (found !== undefined) return found;
    }
  }
  return undefined;
}

/** What a Context object given to a test may hold. */
const contextFields: Record<string, readonly string[] | undefined> = {
  Execution: ["Id", "Input", "Name", "RoleArn", "StartTime", "RedriveCount", "RedriveTime"],
  State: ["EnteredTime", "Name", "RetryCount"],
  StateMachine: ["Id", "Name"],
  Task: ["Token"],
};

/** @throws {InvalidTestError} */
export function checkContext(context: JsonObject | undefined, definition: JsonObject): void {
  for (const [part, fields] of Object.entries(context ?? {})) {
    const problem = contextProblem(part, fields, definition);
    if (problem !== undefined)
      throw new InvalidTestError("ValidationException", `Invalid Context object provided: ${problem}`);
  }
}

function contextProblem(part: string, fields: Json, definition: JsonObject): string | undefined {
  if (part === "Map") return "'Map' field is not supported when mocking a Context object";
  const known = contextFields[part];
  if (known === undefined) return `Field '${part}' is not allowed`;
  const { Resource: resource } = definition;
  if (part === "Task" && !(typeof resource === "string" && parseResource(resource).isSubmitted)) {
    return "Context object contains 'Task' when state is not a Task state with a '.sync' or '.waitForTaskToken' service integration pattern";
  }
  if (!isObject(fields)) return `${part} must be an object`;
  for (const [name, value] of Object.entries(fields)) {
    if (!known.includes(name)) return `Field '${name}' is not allowed`;
    const isCount = name === "RetryCount" || name === "RedriveCount";
    if (isCount && typeof value !== "number") return `${part}.${name} must be a number`;
    if (!isCount && name !== "Input" && typeof value !== "string") return `${part}.${name} must be a string`;
  }
  return undefined;
}

/** @throws {InvalidTestError} */
export function checkMock(
  mock: TestMock | undefined,
  { Type: type, Branches: branches, Resource: resource }: JsonObject,
): void {
  const runsOthers = type === "Map" || type === "Parallel";
  if (mock === undefined) {
    if (type === "Task" && typeof resource === "string" && isWaitedFor(resource)) {
      throw new InvalidTestError("InvalidDefinition", `TestState API does not support ${resource} without a mock`);
    }
    if (!runsOthers) return;
    throw new InvalidTestError(
      "InvalidDefinition",
      "TestState API does not support Map or Parallel states. Supported state types include: [Task, Wait, Pass, Succeed, Fail, Choice]",
    );
  }
  const problem = mockProblem(mock, { runsOthers, type: typeof type === "string" ? type : "", branches });
  if (problem !== undefined) throw new InvalidTestError("ValidationException", problem);
}

/** An activity, a job or a callback: work that answers later. */
function isWaitedFor(resource: string): boolean {
  const { family, isSubmitted } = parseResource(resource);
  return family === "Activity" || isSubmitted;
}

type Mocked = { readonly runsOthers: boolean; readonly type: string; readonly branches: Json | undefined };

function mockProblem({ result, errorOutput }: TestMock, { runsOthers, type, branches }: Mocked): string | undefined {
  if (!runsOthers && type !== "Task") return `State type '${type}' is not supported when a mock is specified`;
  if (result !== undefined && errorOutput !== undefined) {
    return "A test mock should have only one of the following fields: [result, errorOutput].";
  }
  if (!runsOthers || result === undefined) return undefined;
  if (!Array.isArray(result)) return "Mocked result must be an array.";
  if (Array.isArray(branches) && branches.length !== result.length) {
    return "Mocked result must contain the same number of items as number of Parallel branches.";
  }
  return undefined;
}

/** TestState refuses to run the test; `code` is the name AWS gives the refusal. */
export class InvalidTestError extends MetacoinError {
  override readonly code: "ValidationException" | "InvalidDefinition" | "ParamValidationError";

  constructor(code: InvalidTestError["code"], message: string) {
    super(message);
    this.code = code;
  }
}
