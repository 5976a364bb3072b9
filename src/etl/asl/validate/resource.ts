import { isObject } from "../json.ts";
import { parseResource } from "../resource.ts";
import type { Json } from "../types.ts";
import type { Check } from "./findings.ts";

/** What an optimized integration can do; those with many actions do not list them. */
type Integration = { readonly actions?: readonly string[]; readonly patterns: readonly string[] };

const sync = ".sync";
const callback = ".waitForTaskToken";

/** AWS's table of optimized integrations; services not listed are let through. */
const integrations: Record<string, Integration | undefined> = {
  apigateway: { actions: ["invoke"], patterns: [callback] },
  athena: { patterns: [sync] },
  batch: { actions: ["submitJob"], patterns: [sync] },
  bedrock: { patterns: [sync, callback] },
  codebuild: { patterns: [sync] },
  databrew: { actions: ["startJobRun"], patterns: [sync] },
  dynamodb: { actions: ["getItem", "putItem", "deleteItem", "updateItem"], patterns: [] },
  ecs: { actions: ["runTask"], patterns: [sync, callback] },
  eks: { patterns: [sync, callback] },
  elasticmapreduce: { patterns: [sync] },
  "emr-containers": { patterns: [sync] },
  "emr-serverless": { patterns: [sync] },
  events: { actions: ["putEvents"], patterns: [callback] },
  glue: { actions: ["startJobRun"], patterns: [sync] },
  http: { actions: ["invoke"], patterns: [] },
  lambda: { actions: ["invoke"], patterns: [callback] },
  mediaconvert: { actions: ["createJob"], patterns: [sync] },
  sagemaker: { patterns: [sync] },
  sns: { actions: ["publish"], patterns: [callback] },
  sqs: { actions: ["sendMessage"], patterns: [callback] },
  states: { actions: ["startExecution"], patterns: [sync, ".sync:2", callback] },
};

/** A Task's Resource. */
export const resource: Check = (value, { findings, location, type }) => {
  if (isSubstituted(value)) {
    return findings.warning(location, "CloudFormation has yet to put the ARN here", "SUBSTITUTION");
  }
  if (typeof value !== "string" || value === "") return findings.error(location, "Expected value of type [STRING]");
  const { family, service, action } = parseResource(value);
  if (type === "EXPRESS" && family === "Activity") {
    findings.error(location, "Express state machine does not support activities");
  }
  const pattern = /\.(?:sync(?::2)?|waitForTaskToken)$/u.exec(action)?.[0] ?? "";
  if (!isKnown(service, action.slice(0, action.length - pattern.length), pattern)) {
    findings.error(
      location,
      `The resource provided ${value} is not recognized. The value is not a valid resource ARN, or the resource is not available in this region.`,
    );
  }
  if (type === "EXPRESS" && pattern !== "") {
    findings.error(location, `Express state machine does not support '${pattern}' service integration `);
  }
};

function isKnown(service: string, action: string, pattern: string): boolean {
  // The SDK's own actions end with their answer, so there is no job to wait for.
  if (service.startsWith("aws-sdk:")) return pattern === "" || pattern === callback;
  const known = integrations[service];
  if (known === undefined) return true;
  return (known.actions?.includes(action) ?? true) && (pattern === "" || known.patterns.includes(pattern));
}

/** `{"Ref": …}` or `{"Fn::GetAtt": …}`: the definition is part of a template. */
function isSubstituted(value: Json): boolean {
  if (!isObject(value)) return false;
  const [name, ...others] = Object.keys(value);
  return others.length === 0 && name !== undefined && (name === "Ref" || name.startsWith("Fn::"));
}
