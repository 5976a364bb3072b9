import { createHash } from "node:crypto";
import { parse } from "node:path";
import { fileURLToPath } from "node:url";

import { build, type Plugin } from "esbuild";
import { zipSync } from "fflate";

import { findHandler, type HandlerSpec, type Pipeline } from "../pipelines.ts";

/** One handler as Lambda takes it. */
export type Bundle = { readonly handler: string; readonly zip: Uint8Array; readonly sha256: string };

const root = fileURLToPath(new URL("../../../", import.meta.url));

/** Bundles every handler of a pipeline; equal sources give equal bytes on every machine and in every time zone. */
export async function bundlePipeline(pipeline: Pipeline): Promise<readonly Bundle[]> {
  const handlers = Object.keys(pipeline.handlers);
  // One build for all: what the handlers share is parsed once.
  const { outputFiles } = await build({
    entryPoints: handlers.map((handler) => ({ in: `${entry}:${handler}`, out: handler })),
    plugins: [entriesOf(pipeline)],
    // Paths in the output are relative to it, so that no machine's folders are in the bytes.
    absWorkingDir: root,
    outdir: ".",
    bundle: true,
    write: false,
    platform: "node",
    format: "esm",
    target: "node22",
    // Names of errors are what Retry and Catch match: identifiers stay.
    minifySyntax: true,
    minifyWhitespace: true,
    keepNames: true,
    legalComments: "none",
    // Lambda's runtime brings it.
    external: ["@aws-sdk/*"],
    banner: { js: 'import{createRequire}from"node:module";const require=createRequire(import.meta.url);' },
    logLevel: "silent",
  });
  return outputFiles.map(({ path, contents }) => {
    const zip = zipOf(contents);
    return { handler: parse(path).name, zip, sha256: createHash("sha256").update(zip).digest("hex") };
  });
}

const entry = "handler";

/** The modules that Lambda loads, which are in no file. */
function entriesOf(pipeline: Pipeline): Plugin {
  return {
    name: entry,
    setup(hooks) {
      // Go reads these patterns, and knows no flag for Unicode.
      const [ours, every] = [new RegExp(`^${entry}:`), new RegExp("")];
      hooks.onResolve({ filter: ours }, ({ path }) => ({ path: path.slice(entry.length + 1), namespace: entry }));
      hooks.onLoad({ filter: every, namespace: entry }, ({ path: handler }) => ({
        contents: entryOf(findHandler(pipeline, handler)),
        resolveDir: root,
      }));
    },
  };
}

/** What stands between Lambda and a handler: the environment, with secrets read from SSM once a process. */
function entryOf({ source, environment }: HandlerSpec): string {
  const optional = environment.filter((variable) => variable.optional === true).map(({ name }) => `${name}_PARAMETER`);
  return `
import { handler as handle } from ${JSON.stringify(fileURLToPath(source))};
import { createContext } from ${JSON.stringify(fileURLToPath(new URL("../context.ts", import.meta.url)))};

let context;

export async function handler(event) {
  context ??= createContext(await readEnvironment(), (progress) => console.log(JSON.stringify({ progress })));
  return handle(event, context);
}

async function readEnvironment() {
  const suffix = "_PARAMETER";
  const secrets = Object.entries(process.env).filter(([name]) => name.endsWith(suffix));
  if (secrets.length === 0) return process.env;
  const { SSMClient, GetParametersCommand } = await import("@aws-sdk/client-ssm");
  const command = new GetParametersCommand({ Names: secrets.map(([, parameter]) => parameter), WithDecryption: true });
  const { Parameters = [], InvalidParameters = [] } = await new SSMClient({}).send(command);
  const optional = ${JSON.stringify(optional)}.map((name) => process.env[name]);
  const missing = InvalidParameters.filter((name) => !optional.includes(name));
  if (missing.length > 0) throw new Error(\`SSM has no \${missing.join(", ")}\`);
  const values = secrets.map(([name, parameter]) => [
    name.slice(0, -suffix.length),
    Parameters.find(({ Name }) => Name === parameter)?.Value,
  ]);
  return { ...process.env, ...Object.fromEntries(values) };
}
`;
}

function zipOf(code: Uint8Array): Uint8Array {
  // fflate writes local time, as zip does: noon of a day that every time zone had.
  const mtime = new Date(1980, 0, 2, 12);
  return zipSync({ "index.mjs": [code, { level: 6, mtime, os: 3, attrs: 0o644 << 16 }] });
}
