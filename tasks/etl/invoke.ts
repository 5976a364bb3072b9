import { readFile } from "node:fs/promises";
import { pathToFileURL } from "node:url";

import { MetacoinError, UsageError } from "../../src/errors.ts";
import { isObject, parseJson, toJson } from "../../src/etl/asl/json.ts";
import { testState, type TestStateResult } from "../../src/etl/asl/test-state.ts";
import { type Json, type JsonObject, TaskFailure } from "../../src/etl/asl/types.ts";
import { type Graph, graphOf } from "../../src/etl/graph/model.ts";
import {
  bindHandlers,
  findHandler,
  findPipeline,
  handlerOf,
  localArn,
  type Pipeline,
  readDefinition,
} from "../../src/etl/pipelines.ts";
import { openHandlers } from "../../src/etl/run/handlers.ts";
import { maskFor, maskJson } from "../../src/etl/run/mask.ts";
import { systemClock } from "../../src/etl/run/run.ts";
import { action } from "../action.ts";

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
    if (handler !== undefined) findHandler(pipeline, handler);
    if (state !== undefined) await checkState(pipeline, state);
    const input = await readEvent(pipeline, handler, event);
    const { variables } = await prepare(context.hre, name, isTransfersInput(input) ? input : { address: nobody });
    const mask = maskFor(pipeline, variables);
    const handlers = openHandlers(pipeline, variables, pathToFileURL(`${etlFolder(context.hre)}/data/`).href);
    const call: Call = async (called, given, signal) =>
      handlers.run({
        handler: called,
        event: given,
        signal: AbortSignal.any([signal, context.signal]),
        onLog: ({ text }) => context.progress.line(mask(text)),
        onProgress: () => undefined,
      });
    try {
      const result =
        handler === undefined
          ? await test(pipeline, state ?? "", input, inspect, call)
          : await callAlone(pipeline, handler, input, call);
      return maskJson(result, mask);
    } catch (error) {
      context.signal.throwIfAborted();
      throw error instanceof HandlerFailedError ? new HandlerFailedError(mask(error.message)) : error;
    } finally {
      await handlers.close();
    }
  },
  render: (result) => JSON.stringify(result, undefined, 2),
  exitCode: (result) => (isObject(result) && result["status"] === "FAILED" ? 1 : 0),
});

type Call = (handler: string, event: unknown, signal: AbortSignal) => Promise<unknown>;

const nobody = "0x0000000000000000000000000000000000000000";

function isTransfersInput(input: Json): boolean {
  return isObject(input) && ("network" in input || "contract" in input);
}

/** @throws {UsageError} for a name that no state of the machine has, the states inside others included. */
async function checkState(pipeline: Pipeline, state: string): Promise<void> {
  const names = namesIn(graphOf(readObject(await readDefinition(pipeline))));
  if (!names.includes(state))
    throw new UsageError(`The machine of ${pipeline.name} has no state "${state}"`, {
      hint: `Its states are: ${names.join(", ")}`,
    });
}

function namesIn({ nodes }: Graph): string[] {
  return nodes.flatMap(({ name, inner }) => [name, ...inner.flatMap(namesIn)]);
}

function readObject(text: string): JsonObject {
  const parsed = parseJson(text);
  return isObject(parsed) ? parsed : {};
}

async function readEvent(pipeline: Pipeline, handler: string | undefined, event: string | undefined): Promise<Json> {
  if (event !== undefined) return readJsonArgument(event, "--event");
  if (handler !== undefined && pipeline.sample?.handler === handler)
    return parseJson(await readFile(pipeline.sample.event, "utf8"));
  return {};
}

/** One handler, with the time that it has on Lambda. */
async function callAlone(pipeline: Pipeline, handler: string, event: Json, call: Call): Promise<Json> {
  const { timeoutSeconds } = findHandler(pipeline, handler);
  const timeout = AbortSignal.timeout(timeoutSeconds * 1000);
  try {
    return toJson(await call(handler, event, timeout));
  } catch (error) {
    if (!(error instanceof TaskFailure)) throw error;
    if (timeout.aborted) throw new HandlerFailedError(`Task timed out after ${timeoutSeconds.toFixed(2)} seconds`);
    const report: unknown = JSON.parse(error.failureCause ?? "{}");
    const message =
      typeof report === "object" && report !== null && "errorMessage" in report ? String(report.errorMessage) : "";
    throw new HandlerFailedError(`${error.error ?? "Error"}: ${message}`);
  }
}

async function test(pipeline: Pipeline, stateName: string, input: Json, inspect: boolean, call: Call): Promise<Json> {
  const definition = bindHandlers(await readDefinition(pipeline), (handler) => localArn(pipeline, handler));
  const result: TestStateResult = await testState({
    definition,
    stateName,
    input,
    roleArn: localRole,
    clock: systemClock,
    inspectionLevel: inspect ? "DEBUG" : "INFO",
    invoke: async ({ resource, input: event }, { signal }) => call(handlerOf(pipeline, resource), event, signal),
  });
  return toJson(result);
}

/** A Task cannot be tried without a role on AWS; here there is nothing that it could forbid. */
const localRole = "arn:aws:iam::000000000000:role/local";

class HandlerFailedError extends MetacoinError {
  override readonly code = "HANDLER_FAILED";
}
