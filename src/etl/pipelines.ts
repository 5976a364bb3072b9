import { readFile } from "node:fs/promises";

import { UsageError } from "../errors.ts";

/** A variable that a handler may read. */
type Variable = {
  readonly name: string;
  /** Never shown, and a SecureString on AWS. */
  readonly secret?: true;
  /** On AWS, a secret that may be missing from SSM. */
  readonly optional?: true;
};

/** One handler of a pipeline, as both runners need to know it. */
export type HandlerSpec = {
  /** Its source, which exports `handler`: imported by the runner of this machine, bundled by `etl package`. */
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
  /** The field of its input that names what no two runs may work on at the same time. */
  readonly exclusive?: string;
  /** An event that needs no key: `etl invoke headlines transform` takes it by default. */
  readonly sample?: { readonly handler: string; readonly event: URL };
};

const loadVariables: readonly Variable[] = [{ name: "LOAD_URL" }, { name: "LOAD_TOKEN", secret: true, optional: true }];
const rpcVariables: readonly Variable[] = [{ name: "RPC_URL", secret: true }];
const small = { timeoutSeconds: 15, memoryMb: 256 };
const large = { timeoutSeconds: 900, memoryMb: 1024 };

const pipelines: readonly Pipeline[] = [
  {
    name: "headlines",
    description: "Top headlines of a news source, as CSV in the drop service",
    definition: new URL("./headlines/machine.asl.json", import.meta.url),
    sample: { handler: "transform", event: new URL("./headlines/sample.json", import.meta.url) },
    handlers: {
      extract: {
        source: new URL("./headlines/extract.ts", import.meta.url),
        environment: [{ name: "NEWSAPI_KEY", secret: true }, { name: "NEWSAPI_URL" }],
        ...small,
      },
      transform: {
        source: new URL("./headlines/transform.ts", import.meta.url),
        environment: [],
        ...small,
      },
      load: {
        source: new URL("./headlines/load.ts", import.meta.url),
        environment: loadVariables,
        ...small,
      },
      deadLetter: {
        source: new URL("./headlines/dead-letter.ts", import.meta.url),
        environment: [],
        ...small,
      },
    },
  },
  {
    name: "transfers",
    description: "Transfer logs of a MetaCoin contract, as one file in the drop service",
    definition: new URL("./transfers/machine.asl.json", import.meta.url),
    exclusive: "address",
    handlers: {
      plan: {
        source: new URL("./transfers/plan.ts", import.meta.url),
        environment: rpcVariables,
        ...small,
        timeoutSeconds: 60,
      },
      extract: {
        source: new URL("./transfers/extract.ts", import.meta.url),
        environment: rpcVariables,
        ...large,
      },
      assemble: {
        source: new URL("./transfers/assemble.ts", import.meta.url),
        environment: rpcVariables,
        ...large,
      },
      load: {
        source: new URL("./transfers/load.ts", import.meta.url),
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
  const found = Object.hasOwn(pipeline.handlers, name) ? pipeline.handlers[name] : undefined;
  if (found === undefined)
    throw new UsageError(`The pipeline ${pipeline.name} has no handler "${name}"`, {
      hint: `Its handlers are: ${Object.keys(pipeline.handlers).join(", ")}`,
    });
  return found;
}

/** What the handlers of a pipeline may read, each variable once. */
export function variablesOf(pipeline: Pipeline): readonly Variable[] {
  const variables = Object.values(pipeline.handlers).flatMap(({ environment }) => environment);
  return [...new Map(variables.map((variable) => [variable.name, variable])).values()];
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
