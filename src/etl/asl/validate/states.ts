import { languageOf } from "../compile.ts";
import { isObject } from "../json.ts";
import { stateTypes, type StateType } from "../state.ts";
import type { JsonObject } from "../types.ts";
import { assign } from "./assign.ts";
import { choices } from "./choices.ts";
import { catchers, retry } from "./errors.ts";
import type { Check, Place } from "./findings.ts";
import { checkMapMode, mapFields } from "./map.ts";
import { checkObject, list, type Shape } from "./objects.ts";
import { resource } from "./resource.ts";
import {
  anything,
  between,
  integer,
  isBoolean,
  isText,
  objectTemplate,
  oneOf,
  path,
  pathOrIntrinsic,
  pathOrNull,
  resultPath,
  template,
  textOrExpression,
  timestamp,
} from "./values.ts";

/** Checks one state; `graph` checks what is nested in it. */
export function checkState(definition: JsonObject, place: Place, graph: Check): void {
  const { findings, location, language: inherited } = place;
  const { Type: given } = definition;
  if (given === undefined) return findings.error(location, "These fields are required: [Type]");
  const type = stateTypes.find((known) => known === given);
  if (type === undefined) {
    const known = stateTypes.join(", ");
    return findings.error(`${location}/Type`, `The field 'Type' should have one of these values: [${known}]`);
  }
  const { QueryLanguage: chosen } = definition;
  if (chosen === "JSONPath" && inherited === "JSONata") {
    // AWS says no more of such a state.
    return findings.error(
      location,
      "'QueryLanguage' can not be 'JSONPath' if set to 'JSONata' for whole state machine",
    );
  }
  const language = languageOf(definition, inherited);
  const at = { ...place, language };
  // What is nested takes the machine's language, not this state's.
  const nested: Check = (value, inner) => graph(value, { ...inner, language: inherited });
  checkObject(definition, at, shapeOf(type, at, nested));
  if (type === "Map") checkMapMode(definition, at);
  checkTimes(definition, at);
}

function checkTimes(definition: JsonObject, { findings, location }: Place): void {
  const { TimeoutSeconds: timeout, HeartbeatSeconds: heartbeat } = definition;
  if (typeof timeout === "number" && typeof heartbeat === "number" && heartbeat >= timeout) {
    findings.error(`${location}/HeartbeatSeconds`, "HeartbeatSeconds must be smaller than TimeoutSeconds");
  }
}

function shapeOf(type: StateType, { language }: Place, graph: Check): Shape {
  const isPath = language === "JSONPath";
  const shape = shapes[type](isPath, graph);
  const [here, other] = isPath ? ["JSONPath", "JSONata"] : ["JSONata", "JSONPath"];
  const elsewhere = fieldsOf(type, !isPath, graph);
  return {
    ...shape,
    fields: fieldsOf(type, isPath, graph),
    unsupported: (name) =>
      Object.hasOwn(elsewhere, name)
        ? `The QueryLanguage is set to '${here}', but field '${name}' is only supported for the '${other}' QueryLanguage`
        : `Field '${name}' is not supported`,
  };
}

/** The fields of a type in one of the languages, the common ones among them. */
function fieldsOf(type: StateType, isPath: boolean, graph: Check): Shape["fields"] {
  const data: Shape["fields"] = isPath ? { InputPath: pathOrNull, OutputPath: pathOrNull } : { Output: template };
  return {
    Type: anything,
    QueryLanguage: oneOf("JSONPath", "JSONata"),
    ...(type === "Fail" ? {} : { ...data, Assign: assign }),
    ...(endsItself.has(type) ? {} : { Next: isText, End: isBoolean }),
    ...shapes[type](isPath, graph).fields,
  };
}

const endsItself: ReadonlySet<StateType> = new Set<StateType>(["Choice", "Succeed", "Fail"]);

const errorFields: Shape["fields"] = { Retry: retry, Catch: catchers };

/** What every type may hold beside the common fields; `isPath` in a JSONPath state. */
const shapes: Record<StateType, (isPath: boolean, graph: Check) => Shape> = {
  Pass: (isPath) => ({
    fields: isPath ? { Result: anything, ResultPath: resultPath, Parameters: template } : {},
  }),
  Succeed: () => ({ fields: {} }),
  Fail: (isPath) => ({
    exclusive: [
      ["Error", "ErrorPath"],
      ["Cause", "CausePath"],
    ],
    fields: {
      Error: textOrExpression,
      Cause: textOrExpression,
      ...(isPath ? { ErrorPath: pathOrIntrinsic, CausePath: pathOrIntrinsic } : {}),
    },
  }),
  Wait: (isPath) => ({
    oneOf: [isPath ? ["Seconds", "SecondsPath", "Timestamp", "TimestampPath"] : ["Seconds", "Timestamp"]],
    fields: {
      Seconds: integer(0),
      Timestamp: timestamp,
      ...(isPath ? { SecondsPath: path, TimestampPath: path } : {}),
    },
  }),
  Choice: () => ({ required: ["Choices"], fields: { Choices: choices, Default: isText } }),
  Task: (isPath) => ({
    required: ["Resource"],
    exclusive: [
      ["TimeoutSeconds", "TimeoutSecondsPath"],
      ["HeartbeatSeconds", "HeartbeatSecondsPath"],
    ],
    fields: {
      Resource: resource,
      TimeoutSeconds: integer(1),
      HeartbeatSeconds: integer(1),
      Credentials: objectTemplate,
      ...errorFields,
      ...workFields(isPath),
      ...(isPath ? { TimeoutSecondsPath: path, HeartbeatSecondsPath: path } : {}),
    },
  }),
  Parallel: (isPath, graph) => ({
    required: ["Branches"],
    fields: { Branches: list(graph, { least: 1 }), ...errorFields, ...workFields(isPath) },
  }),
  Map: (isPath, graph) => ({
    exclusive: [
      ["ItemSelector", "Parameters"],
      ["MaxConcurrency", "MaxConcurrencyPath"],
      ["ToleratedFailureCount", "ToleratedFailureCountPath"],
      ["ToleratedFailurePercentage", "ToleratedFailurePercentagePath"],
    ],
    oneOf: [["ItemProcessor", "Iterator"]],
    fields: {
      ...mapFields(graph),
      ToleratedFailurePercentage: between(0, 100),
      ...errorFields,
      ...(isPath
        ? {
            ...workFields(isPath),
            ItemsPath: path,
            MaxConcurrencyPath: path,
            ToleratedFailureCountPath: path,
            ToleratedFailurePercentagePath: path,
          }
        : { Items: template }),
    },
  }),
};

function workFields(isPath: boolean): Shape["fields"] {
  return isPath
    ? { Parameters: template, ResultSelector: objectTemplate, ResultPath: resultPath }
    : { Arguments: template };
}

/** The states that a state may go to, each with the place that names it. */
export function transitionsOf(
  definition: JsonObject,
  location: string,
): readonly (readonly [target: string, location: string])[] {
  const places = [
    ["Next", definition["Next"]],
    ["Default", definition["Default"]],
    ...nextsIn("Choices", definition["Choices"]),
    ...nextsIn("Catch", definition["Catch"]),
  ] as const;
  return places.flatMap(([name, target]) =>
    typeof target === "string" ? [[target, `${location}/${name}`] as const] : [],
  );
}

function nextsIn(field: string, value: JsonObject[string] | undefined) {
  if (!Array.isArray(value)) return [];
  return value.map((entry, index) => [`${field}[${index}]/Next`, isObject(entry) ? entry["Next"] : undefined] as const);
}
