import { join } from "node:path";

import { UsageError } from "../../src/errors.ts";
import { applyTemplate, codeOf, tellRefusal, uploadCode } from "../../src/etl/aws/apply.ts";
import { makeTemplate, permissionsOf, secretParameters, type Template } from "../../src/etl/aws/template.ts";
import { bundlePipeline } from "../../src/etl/package/bundle.ts";
import { findPipeline, type Pipeline, readDefinition, variablesOf } from "../../src/etl/pipelines.ts";
import { isSecretName } from "../../src/etl/run/mask.ts";
import { parseExpression } from "../../src/etl/schedule/expression.ts";
import { writeFileAtomically } from "../../src/files.ts";
import { systemClock } from "../../src/rpc/backoff.ts";
import { action } from "../action.ts";

import { etlFolder, prepare, readJsonArgument } from "./world.ts";

type Args = {
  readonly pipeline: string;
  readonly bucket: string | undefined;
  readonly schedule: string | undefined;
  readonly input: string | undefined;
  readonly dryRun: boolean;
};

type Deployed = {
  readonly stack: string;
  readonly template: Template;
  readonly permissions: ReturnType<typeof permissionsOf>;
  /** SecureStrings that must be there. */
  readonly secrets: readonly string[];
  /** Undefined after a dry run. */
  readonly outputs: Readonly<Record<string, string>> | undefined;
};

export default action<Args, Deployed>({
  async run({ pipeline: name, bucket, schedule, input, dryRun }, { hre, progress, signal }) {
    const pipeline = findPipeline(name);
    if (bucket === undefined && !dryRun)
      throw new UsageError("Say which bucket keeps the code", {
        hint: `npx hardhat etl deploy ${name} --bucket my-artifacts    or --dry-run to look first`,
      });
    checkVariables(pipeline, (text) => progress.line(text));
    if (schedule !== undefined) parseExpression(schedule, Date.now());
    const typed = input === undefined ? {} : await readJsonArgument(input, "--input");
    const needsRecord = name === "transfers" && (input !== undefined || schedule !== undefined);
    const event = needsRecord ? (await prepare(hre, name, typed)).input : typed;
    const bundles = await bundlePipeline(pipeline);
    const places = bundles.map((bundle) => [bundle.handler, codeOf(bucket ?? "YOUR-BUCKET", name, bundle)] as const);
    const code = Object.fromEntries(places);
    const template = makeTemplate(pipeline, {
      definition: await readDefinition(pipeline),
      code,
      schedule,
      input: JSON.stringify(event),
      variables: process.env,
    });
    const stack = `metacoin-${name}`;
    const facts = { stack, template, permissions: permissionsOf(template), secrets: secretParameters(pipeline) };
    if (dryRun) return { ...facts, outputs: undefined };
    const options = {
      connection: {},
      sleep: async (ms: number) => systemClock.sleep(ms, signal),
      onStep: (text: string) => progress.line(text),
    };
    await tellRefusal(uploadCode(bundles, code, options));
    const outputs = await tellRefusal(applyTemplate(stack, template, options));
    await writeFileAtomically(
      join(etlFolder(hre), "deployed", `${name}.json`),
      `${JSON.stringify({ machineArn: outputs["MachineArn"] })}\n`,
    );
    return { ...facts, outputs };
  },
  render({ stack, template, permissions, secrets, outputs }) {
    const granted = permissions.map(
      ({ role, statement }) => `  ${role}: ${statement.Action.join(", ")} on ${JSON.stringify(statement.Resource)}`,
    );
    const needed = secrets.map((name) => `  aws ssm put-parameter --type SecureString --name ${name} --value …`);
    if (outputs !== undefined) return [`${stack} stands`, JSON.stringify(outputs, undefined, 2)].join("\n");
    return [
      JSON.stringify(template, undefined, 2),
      "",
      "Permissions:",
      ...granted,
      "",
      "Secrets, to be put there once:",
      ...needed,
    ].join("\n");
  },
});

/** Plain variables are in the template for everybody to read, and this machine's loopback is not Lambda's. */
function checkVariables(pipeline: Pipeline, warn: (text: string) => void): void {
  const plain = variablesOf(pipeline).filter(({ secret }) => secret !== true);
  const telling = plain.find(({ name }) => {
    const url = URL.parse(process.env[name] ?? "");
    return (
      url !== null && (url.username !== "" || url.password !== "" || [...url.searchParams.keys()].some(isSecretName))
    );
  });
  if (telling !== undefined)
    throw new UsageError(`${telling.name} holds a password or a key, and a template hides nothing`, {
      hint: "Leave it out of the address: LOAD_TOKEN is kept in SSM",
    });
  const loadUrl = process.env["LOAD_URL"];
  if (loadUrl === undefined || /^https?:\/\/(?:localhost|127\.)/u.test(loadUrl))
    warn(`LOAD_URL is ${loadUrl ?? "not set"}: from Lambda your upload server needs an address of its own`);
}
