import type { DescribeStacksCommandOutput, Stack } from "@aws-sdk/client-cloudformation";
import * as z from "zod";

import { MetacoinError } from "../../errors.ts";
import type { Bundle } from "../package/bundle.ts";

import type { Code, Template } from "./template.ts";

/** What the SDK's clients are made with; credentials and region come from its own chain. */
export type Connection = {
  readonly endpoint?: string;
  readonly region?: string;
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
};

export type ApplyOptions = {
  readonly connection: Connection;
  readonly sleep: (ms: number) => Promise<void>;
  readonly onStep: (text: string) => void;
};

/**
 * What AWS's clients throw, as a failure that a person can act on.
 *
 * @throws {AwsRefusedError}
 */
export async function tellRefusal<Result>(work: Promise<Result>): Promise<Result> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof MetacoinError || !(error instanceof Error)) throw error;
    throw new AwsRefusedError(`AWS refuses: ${error.name}: ${error.message}`, {
      hint: "aws sts get-caller-identity    shows who you are to AWS; AWS_PROFILE and AWS_REGION choose",
      cause: error,
    });
  }
}

/** Where a bundle belongs in the bucket: its content names it, so equal code is uploaded once. */
export function codeOf(bucket: string, pipeline: string, { handler, sha256 }: Bundle): Code {
  return { bucket, key: `etl/${pipeline}/${handler}-${sha256}.zip` };
}

/** Uploads the zips that the bucket does not have. */
export async function uploadCode(
  bundles: readonly Bundle[],
  code: Readonly<Record<string, Code>>,
  { connection, onStep }: ApplyOptions,
): Promise<void> {
  const { S3Client, HeadObjectCommand, PutObjectCommand } = await loadSdk(() => import("@aws-sdk/client-s3"));
  const client = new S3Client({ ...connection, forcePathStyle: connection.endpoint !== undefined });
  for (const { handler, zip } of bundles) {
    const place = code[handler];
    if (place === undefined) continue;
    const at = { Bucket: place.bucket, Key: place.key };
    const isThere = await client.send(new HeadObjectCommand(at)).then(() => true, isMissing);
    if (!isThere) await client.send(new PutObjectCommand({ ...at, Body: zip, ContentType: "application/zip" }));
    onStep(`${handler} ${isThere ? "is there" : "uploaded"}`);
  }
}

/** S3 answers 403 in place of 404 to who may not list the bucket. */
function isMissing(error: unknown): false {
  const status = missingSchema.safeParse(error).data?.$metadata.httpStatusCode;
  if (status === 404 || status === 403) return false;
  throw error;
}

const missingSchema = z.object({ $metadata: z.object({ httpStatusCode: z.number() }) });

/**
 * Applies a template by change set, and waits until the stack stands.
 *
 * @returns the stack's outputs.
 * @throws {StackFailedError} with the first reason that CloudFormation gives.
 */
export async function applyTemplate(
  stack: string,
  template: Template,
  options: ApplyOptions,
): Promise<Readonly<Record<string, string>>> {
  const sdk = await loadSdk(() => import("@aws-sdk/client-cloudformation"));
  const client = new sdk.CloudFormationClient(options.connection);
  const describe = async () => stackIn(client.send(new sdk.DescribeStacksCommand({ StackName: stack })));
  const before = await describe();
  const isNew = before === undefined || before.StackStatus === "REVIEW_IN_PROGRESS";
  const { Id } = await client.send(
    new sdk.CreateChangeSetCommand({
      StackName: stack,
      ChangeSetName: `etl-${String(Date.now())}`,
      ChangeSetType: isNew ? "CREATE" : "UPDATE",
      TemplateBody: JSON.stringify(template),
      Capabilities: ["CAPABILITY_IAM"],
    }),
  );
  options.onStep(`change set ${isNew ? "to create" : "to update"} ${stack}`);
  for (;;) {
    const answer = await client.send(new sdk.DescribeChangeSetCommand({ StackName: stack, ChangeSetName: Id }));
    const { Status, StatusReason = "", Changes = [] } = answer;
    if (Status === "CREATE_COMPLETE") {
      options.onStep(`${String(Changes.length)} changes`);
      break;
    }
    if (Status === "FAILED") {
      await client.send(new sdk.DeleteChangeSetCommand({ StackName: stack, ChangeSetName: Id }));
      if (/didn't contain changes|no updates/iu.test(StatusReason)) {
        options.onStep("nothing changes");
        return outputsOf(before);
      }
      throw new StackFailedError(stack, StatusReason);
    }
    await options.sleep(2_000);
  }
  await client.send(new sdk.ExecuteChangeSetCommand({ StackName: stack, ChangeSetName: Id }));
  for (let told = ""; ;) {
    const now = await describe();
    const status = now?.StackStatus ?? "";
    if (status !== told) options.onStep(status);
    told = status;
    if (status === "CREATE_COMPLETE" || status === "UPDATE_COMPLETE") return outputsOf(now);
    if (/ROLLBACK_COMPLETE$|FAILED$/u.test(status)) {
      const { StackEvents = [] } = await client.send(new sdk.DescribeStackEventsCommand({ StackName: stack }));
      // The latest come first, those of earlier deployments after the beginning of this one.
      const begin = StackEvents.findIndex(
        ({ LogicalResourceId, ResourceStatus = "" }) =>
          LogicalResourceId === stack && /^(?:CREATE|UPDATE)_IN_PROGRESS$/u.test(ResourceStatus),
      );
      const events = begin === -1 ? StackEvents : StackEvents.slice(0, begin);
      const first = events.findLast(({ ResourceStatus = "" }) => ResourceStatus.endsWith("FAILED"));
      throw new StackFailedError(
        stack,
        `${status}: ${first?.LogicalResourceId ?? ""} ${first?.ResourceStatusReason ?? "without a reason"}`,
      );
    }
    await options.sleep(3_000);
  }
}

/** The stack in an answer; `undefined` where there is none of that name. */
async function stackIn(answer: Promise<DescribeStacksCommandOutput>): Promise<Stack | undefined> {
  try {
    const { Stacks } = await answer;
    return Stacks?.[0];
  } catch (error) {
    if (error instanceof Error && error.name === "ValidationError" && error.message.includes("does not exist"))
      return undefined;
    throw error;
  }
}

function outputsOf(stack: Stack | undefined): Readonly<Record<string, string>> {
  const outputs = stack?.Outputs ?? [];
  return Object.fromEntries(outputs.map(({ OutputKey = "", OutputValue = "" }) => [OutputKey, OutputValue]));
}

/** The SDK is only needed for AWS. @throws {SdkMissingError} */
export async function loadSdk<Sdk>(load: () => Promise<Sdk>): Promise<Sdk> {
  try {
    return await load();
  } catch (error) {
    throw new SdkMissingError("AWS's SDK is not installed", { hint: "npm run setup", cause: error });
  }
}

export class StackFailedError extends MetacoinError {
  override readonly code = "STACK_FAILED";

  constructor(stack: string, reason: string) {
    super(`The stack ${stack} was not applied: ${reason}`, {
      hint: `aws cloudformation describe-stack-events --stack-name ${stack}`,
    });
  }
}

class AwsRefusedError extends MetacoinError {
  override readonly code = "AWS_REFUSED";
}

class SdkMissingError extends MetacoinError {
  override readonly code = "SDK_MISSING";
}
