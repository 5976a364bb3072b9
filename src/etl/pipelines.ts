import { readFile } from "node:fs/promises";

import { UsageError } from "../errors.ts";

import type { Handler } from "./handler.ts";

/** A variable that a handler may read. */
export type Variable = {
  readonly name: string;
  /** Never shown, and a SecureString on AWS. */
  readonly secret?: true;
};

/** One handler of a pipeline, as both runners need to know it. */
export type HandlerSpec = {
  readonly load: () => Promise<{ readonly handler: Handler }>;
  /** Its source, which `etl package` bundles. */
  readonly source: URL;
  /** The allow-list of its environment. */
  readonly environment: readonly Variable[];
  /** On Lambda; here the state's TimeoutSeconds ends it. */
  readonly timeoutSeconds: number;
  readonly memoryMb: number;
};

export type Pipeline = {
  readonly name: string;
  readonly description: string;
  readonly definition: URL;
  readonly handlers: Readonly<Record<string, HandlerSpec>>;
  /** An event that needs no key: `etl invoke headlines transform` takes it by default. */
  readonly sample?: { readonly handler: string; readonly event: URL };
};

const here = (path: string) => new URL(path, import.meta.url);

const loadVariables: readonly Variable[] = [{ name: "LOAD_URL" }, { name: "LOAD_TOKEN", secret: true }];
const rpcVariables: readonly Variable[] = [{ name: "RPC_URL", secret: true }];
const small = { timeoutSeconds: 15, memoryMb: 256 };
const large = { timeoutSeconds: 900, memoryMb: 1024 };

const pipelines: readonly Pipeline[] = [
  {
    name: "headlines",
    description: "Top headlines of a news source, as CSV in the drop service",
    definition: here("headlines/machine.asl.json"),
    sample: { handler: "transform", event: here("headlines/sample.json") },
    handlers: {
      extract: {
        load: async () => import("./headlines/extract.ts"),
        source: here("headlines/extract.ts"),
        environment: [{ name: "NEWSAPI_KEY", secret: true }, { name: "NEWSAPI_URL" }],
        ...small,
      },
      transform: {
        load: async () => import("./headlines/transform.ts"),
        source: here("headlines/transform.ts"),
        environment: [],
        ...small,
      },
      load: {
        load: async () => import("./headlines/load.ts"),
        source: here("headlines/load.ts"),
        environment: loadVariables,
        ...small,
      },
      deadLetter: {
        load: async () => import("./headlines/dead-letter.ts"),
        source: here("headlines/dead-letter.ts"),
        environment: [],
        ...small,
      },
    },
  },
  {
    name: "transfers",
    description: "Transfer logs of a MetaCoin contract, as one file in the drop service",
    definition: here("transfers/machine.asl.json"),
    handlers: {
      plan: {
        load: async () => import("./transfers/plan.ts"),
        source: here("transfers/plan.ts"),
        environment: rpcVariables,
        ...small,
        timeoutSeconds: 60,
      },
      extract: {
        load: async () => import("./transfers/extract.ts"),
        source: here("transfers/extract.ts"),
        environment: rpcVariables,
        ...large,
      },
      assemble: {
        load: async () => import("./transfers/assemble.ts"),
        source: here("transfers/assemble.ts"),
        environment: rpcVariables,
        ...large,
      },
      load: {
        load: async () => import("./transfers/load.ts"),
        source: here("transfers/load.ts"),
        environment: loadVariables,
        ...large,
      },
    },
  },
];

/** @throws {UsageError} for a name that is no pipeline. */
export function findPipeline(name: string): Pipeline {
  const found = pipelines.find((pipeline) => pipeline.name === name);
  if (found === undefined)
    throw new UsageError(`There is no pipeline "${name}"`, {
      hint: `The pipelines are: ${pipelines.map((pipeline) => pipeline.name).join(", ")}`,
    });
  return found;
}

/** @throws {UsageError} for a name that is no handler of the pipeline. */
export function findHandler(pipeline: Pipeline, name: string): HandlerSpec {
  const found = pipeline.handlers[name];
  if (found === undefined)
    throw new UsageError(`The pipeline ${pipeline.name} has no handler "${name}"`, {
      hint: `Its handlers are: ${Object.keys(pipeline.handlers).join(", ")}`,
    });
  return found;
}

/** The names of all variables whose values must never be shown. */
export function secretNames(pipeline: Pipeline): string[] {
  const variables = Object.values(pipeline.handlers).flatMap(({ environment }) => environment);
  return [...new Set(variables.filter(({ secret }) => secret === true).map(({ name }) => name))];
}

/** The machine's definition as it is written, with `${handler}` where a Lambda's ARN belongs. */
export async function readDefinition(pipeline: Pipeline): Promise<string> {
  return readFile(pipeline.definition, "utf8");
}

/** The definition for one runner: `${handler}` replaced by what `arnOf` says. */
export function bindHandlers(definition: string, arnOf: (handler: string) => string): string {
  return definition.replace(/\$\{(\w+)\}/gu, (_, handler: string) => arnOf(handler));
}

/** The ARN under which the local runner knows a handler. */
export function localArn(pipeline: Pipeline, handler: string): string {
  return `arn:aws:lambda:us-east-1:000000000000:function:${pipeline.name}-${handler}`;
}

/** The handler behind a local ARN. */
export function handlerOf(pipeline: Pipeline, arn: string): string {
  return arn.slice(localArn(pipeline, "").length);
}
