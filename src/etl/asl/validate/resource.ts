import { isObject } from "../json.ts";
import { parseResource } from "../resource.ts";
import type { Json } from "../types.ts";
import type { Check } from "./findings.ts";

/** The actions of the service integrations that have but a few; services not listed are let through. */
const actions: Record<string, readonly string[] | undefined> = {
  apigateway: ["invoke"],
  batch: ["submitJob"],
  databrew: ["startJobRun"],
  dynamodb: ["getItem", "putItem", "deleteItem", "updateItem"],
  ecs: ["runTask"],
  events: ["putEvents"],
  glue: ["startJobRun"],
  http: ["invoke"],
  lambda: ["invoke"],
  mediaconvert: ["createJob"],
  sns: ["publish"],
  sqs: ["sendMessage"],
  states: ["startExecution"],
};

/** A Task's Resource. */
export const resource: Check = (value, { findings, location, type }) => {
  if (isSubstituted(value)) {
    return findings.warning(location, "CloudFormation has yet to put the ARN here", "SUBSTITUTION");
  }
  if (typeof value !== "string" || value === "") return findings.error(location, "Expected value of type [STRING]");
  const { service, action } = parseResource(value);
  const known = actions[service];
  if (known !== undefined && !known.includes(action.replace(/\.(?:sync|sync:2|waitForTaskToken)$/u, ""))) {
    findings.error(
      location,
      `The resource provided ${value} is not recognized. The value is not a valid resource ARN, or the resource is not available in this region.`,
    );
  }
  const pattern = /\.(?:sync|waitForTaskToken)(?::2)?$/u.exec(value)?.[0];
  if (type === "EXPRESS" && pattern !== undefined) {
    findings.error(location, `Express state machine does not support '${pattern}' service integration `);
  }
};

/** `{"Ref": …}` or `{"Fn::GetAtt": …}`: the definition is part of a template. */
function isSubstituted(value: Json): boolean {
  if (!isObject(value)) return false;
  const [name, ...others] = Object.keys(value);
  return others.length === 0 && name !== undefined && (name === "Ref" || name.startsWith("Fn::"));
}
