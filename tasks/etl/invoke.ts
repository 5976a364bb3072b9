import { readFile } from "node:fs/promises";
import { pathToFileURL } from "node:url";

import { MetacoinError, UsageError } from "../../src/errors.ts";
import { isObject, parseJson, toJson } from "../../src/etl/asl/json.ts";
import { findState } from "../../src/etl/asl/test-state-checks.ts";
import { testState, type TestStateResult } from "../../src/etl/asl/test-state.ts";
import { type Json, TaskFailure } from "../../src/etl/asl/types.ts";
import {
  bindHandlers,
  findHandler,
  findPipeline,
  handlerOf,
  localArn,
  type Pipeline,
  readDefinition,
} from "../../src/etl/pipelines.ts";
import { openHandlers, type Handlers } from "../../src/etl/run/handlers.ts";
import { systemClock } from "../../src/etl/run/run.ts";
import { action, type ActionContext } from "../action.ts";

import { etlFolder, prepare, readJsonArgument } from "./world.ts";

type Args = {
  readonly pipeline: string;
  readonly handler: string | undefined;
  readonly state: string | undefined;
  readonly event: string | undefined;
  readonly inspect: boolean;
};

export default action<Args, Json>({
  async run({ pipeline: name, handler, state, event, inspect }, context) {
    const pipeline = findPipeline(name);
    if ((handler === undefined) === (state === undefined))
      throw new UsageError("Name one handler, or one state with --state", {
        hint: `npx hardhat etl invoke ${name} ${Object.keys(pipeline.handlers).join(" | ")}`,
      });
    if (inspect && state === undefined) throw new UsageError("--inspect goes with --state");
    const input = await readEvent(pipeline, handler, event);
    const { variables } = await prepare(context.hre, name, isTransfersInput(input) ? input : { address: nobody });
    const mask = maskFor(pipeline, variables);
    const progress = { ...context.progress, line: (text: string) => context.progress.line(mask(text)) };
    const handlers = openHandlers(pipeline, variables, pathToFileURL(`${etlFolder(context.hre)}/data/`).href);
    try {
      if (handler !== undefined) {
        findHandler(pipeline, handler);
        return await call(handlers, handler, input, context.signal, context);
      }
      return await test(pipeline, state ?? "", input, inspect, handlers, context);
    } finally {
      await handlers.close();
    }
  },
  render: (result) => JSON.stringify(result, undefined, 2),
  exitCode: (result) => (isObject(result) && result["status"] === "FAILED" ? 1 : 0),
});

const nobody = "0x0000000000000000000000000000000000000000";

function isTransfersInput(input: Json): boolean {
  return isObject(input) && ("network" in input || "contract" in input);
}

async function readEvent(pipeline: Pipeline, handler: string | undefined, event: string | undefined): Promise<Json> {
  if (event !== undefined) return readJsonArgument(event, "--event");
  if (handler !== undefined && pipeline.sample?.handler === handler)
    return parseJson(await readFile(pipeline.sample.event, "utf8"));
  return {};
}

async function call(
  handlers: Handlers,
  handler: string,
  event: Json,
  signal: AbortSignal,
  { progress }: ActionContext,
): Promise<Json> {
  try {
    const onLog = ({ text }: { readonly text: string }) => progress.line(text);
    return toJson(await handlers.run({ handler, event, signal, onLog, onProgress: () => undefined }));
  } catch (error) {
    if (!(error instanceof TaskFailure)) throw error;
    const report: unknown = JSON.parse(error.failureCause ?? "{}");
    const message =
      typeof report === "object" && report !== null && "errorMessage" in report ? String(report.errorMessage) : "";
    throw new HandlerFailedError(`${error.error ?? "Error"}: ${message}`);
  }
}

async function test(
  pipeline: Pipeline,
  stateName: string,
  input: Json,
  inspect: boolean,
  handlers: Handlers,
  context: ActionContext,
): Promise<Json> {
  const definition = bindHandlers(await readDefinition(pipeline), (handler) => localArn(pipeline, handler));
  requireState(pipeline, definition, stateName);
  const result: TestStateResult = await testState({
    definition,
    stateName,
    input,
    roleArn: localRole,
    clock: systemClock,
    inspectionLevel: inspect ? "DEBUG" : "INFO",
    invoke: async ({ resource, input: event }, { signal }) =>
      handlers.run({
        handler: handlerOf(pipeline, resource),
        event,
        signal,
        onLog: ({ text }) => context.progress.line(text),
        onProgress: () => undefined,
      }),
  });
  return toJson(result);
}

/** A Task cannot be tried without a role on AWS; here there is nothing that it could forbid. */
const localRole = "arn:aws:iam::000000000000:role/local";

function requireState({ name }: Pipeline, definition: string, stateName: string): void {
  try {
    findState({ definition, stateName });
  } catch (cause) {
    const machine = parseJson(definition);
    const states = isObject(machine) && isObject(machine["States"]) ? Object.keys(machine["States"]) : [];
    throw new UsageError(`The pipeline ${name} has no state "${stateName}"`, {
      hint: `Its states are: ${states.join(", ")}`,
      cause,
    });
  }
}

class HandlerFailedError extends MetacoinError {
  override readonly code = "HANDLER_FAILED";
}
