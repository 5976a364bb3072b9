import type { JsonObject } from "./types.ts";

/** What a Task's Resource names, for the types and details of its events. */
export type Resource = {
  readonly arn: string;
  /** Which family of history events tells of it. */
  readonly family: "LambdaFunction" | "Activity" | "Task";
  /** `lambda`, `aws-sdk:s3`: `resourceType` of the events of service integrations. */
  readonly service: string;
  /** `invoke.waitForTaskToken`: `resource` of those events. */
  readonly action: string;
  /** Runs on after it was asked for (`.sync`, `.sync:2`, `.waitForTaskToken`), so it has a task token. */
  readonly isSubmitted: boolean;
};

const integration = /^arn:[^:]*:states:[^:]*:[^:]*:(?<service>aws-sdk:[^:]+|[^:]+):(?<action>[^:]+(?::2)?)$/u;

export function parseResource(arn: string): Resource {
  const isSubmitted = /\.(?:sync|sync:2|waitForTaskToken)$/u.test(arn);
  if (/^arn:[^:]*:lambda:/u.test(arn)) {
    return { arn, family: "LambdaFunction", service: arn, action: arn, isSubmitted };
  }
  const { service = arn, action = arn } = integration.exec(arn)?.groups ?? {};
  const family = service === "activity" ? "Activity" : "Task";
  return { arn, family, service, action, isSubmitted };
}

/** The details of an event of the resource, under the name AWS has for them. */
export function resourceDetails(
  resource: Resource,
  phase: string,
  details: JsonObject,
): { [key: `${string}EventDetails`]: JsonObject } {
  const { family, service, action } = resource;
  const prefix = `${family.charAt(0).toLowerCase()}${family.slice(1)}`;
  const named = family === "Task" ? { resourceType: service, resource: action, ...details } : details;
  return { [`${prefix}${phase}EventDetails` as const]: named };
}
