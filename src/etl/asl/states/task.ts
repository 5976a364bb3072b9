import { compileErrorHandling, runHandled } from "../error-handling.ts";
import type { Visit } from "../execution.ts";
import { queryError, runtimeError, StatesError } from "../failure.ts";
import { textField } from "../fields.ts";
import { invokeTask } from "../invoke.ts";
import { exceedsPayloadLimit, numberIn, toJson } from "../json.ts";
import { compileJsonPathFlow, everyStep } from "../json-path-flow.ts";
import { compileJsonata } from "../jsonata/expression.ts";
import { compileTypedJsonata } from "../jsonata/typed.ts";
import { compileJsonataFlow } from "../jsonata-flow.ts";
import { uuidFrom } from "../random.ts";
import { parseResource, resourceDetails, type Resource } from "../resource.ts";
import type { Evaluate, QueryLanguage } from "../scope.ts";
import type { CompileState, Outcome } from "../state.ts";
import { compilePath, compileTemplate } from "../template.ts";
import type { Json, JsonObject, TaskCall } from "../types.ts";

/** Task: asks the caller to do some work. */
export const compileTask: CompileState = (definition, { language }) => {
  const handling = compileErrorHandling(definition, language);
  const attempt = compileAttempt(definition, language);
  return (visit) => runHandled(visit, handling, attempt);
};

/** The way of the data to the work and back. */
type TaskFlow = {
  /** What the paths of the time limits refer to. */
  readonly enter: (visit: Visit) => Json;
  readonly parameters: (visit: Visit, input: Json) => Json | Promise<Json>;
  readonly leave: (visit: Visit, result: Json) => Outcome | Promise<Outcome>;
};

function compileFlow(definition: JsonObject, language: QueryLanguage): TaskFlow {
  if (language === "JSONata") {
    const flow = compileJsonataFlow(definition, { showsArguments: true });
    return { enter: ({ input }) => input, parameters: flow.arguments, leave: flow.leave };
  }
  const flow = compileJsonPathFlow(definition, everyStep);
  return { ...flow, leave: (visit, result) => flow.leave(visit, { result, assignFrom: result }) };
}

/** One try of the work, with its events. */
function compileAttempt(definition: JsonObject, language: QueryLanguage): (visit: Visit) => Promise<Outcome> {
  const flow = compileFlow(definition, language);
  const resource = parseResource(textField(definition, "Resource") ?? "");
  const timeout = compileSeconds(definition, "TimeoutSeconds", language);
  const heartbeat = compileSeconds(definition, "HeartbeatSeconds", language);
  // Without a template it is the state's input or a part of it, which has been weighed.
  const makesInput = definition["Parameters"] !== undefined || definition["Arguments"] !== undefined;
  const credentials = compileCredentials(definition["Credentials"], language);
  return async (visit) => {
    const input = flow.enter(visit);
    if (resource.isSubmitted) visit.taskToken = uuidFrom(visit.branch.execution.options.random);
    const given = flow.parameters(visit, input);
    const asked = given instanceof Promise ? await given : given;
    if (makesInput && exceedsPayloadLimit(asked)) throw tooLarge("input", visit.state);
    const call: TaskCall = {
      stateName: visit.state,
      resource: resource.arn,
      input: asked,
      timeoutSeconds: typeof timeout === "function" ? await timeout(visit, input) : timeout,
      heartbeatSeconds: typeof heartbeat === "function" ? await heartbeat(visit, input) : heartbeat,
      credentials: credentials && (await credentials(visit.scope(input))),
      taskToken: visit.taskToken,
    };
    addStart(visit, resource, call);
    let result: Json;
    try {
      result = toJson(await invokeTask(visit, call));
      if (exceedsPayloadLimit(result)) throw tooLarge("result", resource.service);
    } catch (error) {
      if (error instanceof StatesError) addFailure(visit, resource, error);
      throw error;
    }
    visit.weighed = result;
    addEvent(visit, resource, "Succeeded", () => ({
      output: JSON.stringify(result),
      outputDetails: { truncated: false },
    }));
    visit.inspect?.("result", result);
    return flow.leave(visit, result);
  };
}

/** Known from the definition, or evaluated for each try. */
type Seconds = number | ((visit: Visit, input: Json) => Promise<number>);

function compileSeconds(definition: JsonObject, field: string, language: QueryLanguage): Seconds | undefined {
  const { [field]: fixed } = definition;
  if (typeof fixed === "number") return fixed;
  if (language === "JSONata") {
    if (fixed === undefined) return undefined;
    const evaluate = compileTypedJsonata(fixed, field, "integer");
    return async (visit, input) => {
      const seconds = Number(await evaluate(visit.scope(input)));
      if (seconds > 0) return seconds;
      throw queryError(`The ${field} field does not evaluate to a positive integer: ${seconds}`, field);
    };
  }
  const source = textField(definition, `${field}Path`);
  if (source === undefined) return undefined;
  const path = compilePath(source);
  return async (visit, input) => {
    const value = path(visit.scope(input));
    const seconds = numberIn(value);
    if (seconds !== undefined && Number.isInteger(seconds) && seconds > 0) return seconds;
    throw runtimeError(
      `The ${field}Path parameter does not reference a positive integer: ${source} == ${JSON.stringify(value)}`,
    );
  };
}

function compileCredentials(template: Json | undefined, language: QueryLanguage): Evaluate | undefined {
  if (template === undefined) return undefined;
  return language === "JSONata" ? compileJsonata(template, "Credentials") : compileTemplate(template);
}

function addStart(visit: Visit, resource: Resource, call: TaskCall): void {
  addEvent(visit, resource, "Scheduled", () => ({
    ...(resource.family === "Task"
      ? { region: visit.branch.execution.options.region ?? "us-east-1", parameters: JSON.stringify(call.input) }
      : { resource: resource.arn, input: JSON.stringify(call.input), inputDetails: { truncated: false } }),
    ...(call.timeoutSeconds === undefined ? {} : { timeoutInSeconds: call.timeoutSeconds }),
    ...(call.heartbeatSeconds === undefined ? {} : { heartbeatInSeconds: call.heartbeatSeconds }),
  }));
  addEvent(visit, resource, "Started", resource.family === "Task" ? () => ({}) : undefined);
  if (resource.family === "Task" && resource.isSubmitted) addEvent(visit, resource, "Submitted", () => ({}));
}

function addFailure(visit: Visit, resource: Resource, { error, failureCause }: StatesError): void {
  addEvent(visit, resource, error === "States.Timeout" ? "TimedOut" : "Failed", () => ({
    ...(error === undefined ? {} : { error }),
    ...(failureCause === undefined ? {} : { cause: failureCause }),
  }));
}

function addEvent({ branch }: Visit, resource: Resource, phase: string, details?: () => JsonObject): void {
  const { history } = branch.execution;
  if (!history.listens) {
    history.skip(branch);
    return;
  }
  history.add(branch, `${resource.family}${phase}`, details && (() => resourceDetails(resource, phase, details())));
}

function tooLarge(what: "input" | "result", name: string): StatesError {
  const verb = what === "input" ? "made an" : "returned a";
  return new StatesError({
    error: "States.DataLimitExceeded",
    cause: `The state/task '${name}' ${verb} ${what} with a size exceeding the maximum number of bytes service limit.`,
    placed: true,
  });
}
