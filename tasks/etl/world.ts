import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";

import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";

import { messageOf, UsageError } from "../../src/errors.ts";
import { parseJson } from "../../src/etl/asl/json.ts";
import type { Json } from "../../src/etl/asl/types.ts";
import { resolveInput } from "../../src/etl/transfers/input.ts";
import { isLoopback } from "../../src/upload/exposure.ts";
import { networkOf, readEndpoints } from "../secrets.ts";

/** Where journals, data and schedules are kept: `ETL_FOLDER`, by default `.etl` in the project. */
export function etlFolder(hre: HardhatRuntimeEnvironment): string {
  return resolve(hre.config.paths.root, process.env["ETL_FOLDER"] ?? ".etl");
}

/** What is typed as JSON or as `@file`. */
export async function readJsonArgument(text: string, option: string): Promise<Json> {
  const hint = `${option} '{"source":"cnn"}' or ${option} @event.json`;
  const typed = text.startsWith("@")
    ? await readFile(text.slice(1), "utf8").catch((cause: unknown) => {
        throw new UsageError(`${option} ${text} cannot be read: ${messageOf(cause)}`, { hint, cause });
      })
    : text;
  try {
    return parseJson(typed);
  } catch (cause) {
    throw new UsageError(`${option} is not JSON: ${messageOf(cause)}`, { hint, cause });
  }
}

/** The input of a run, and the variables of its handlers, for a pipeline that needs to know a deployment. */
export async function prepare(
  hre: HardhatRuntimeEnvironment,
  pipeline: string,
  input: Json,
): Promise<{ readonly input: Json; readonly variables: Readonly<Record<string, string | undefined>> }> {
  const variables = { ...process.env, LOAD_TOKEN: loadTokenOf(process.env) };
  if (pipeline !== "transfers") return { input, variables };
  const resolved = await resolveInput(input, {
    folder: join(hre.config.paths.root, "deployments"),
    network: networkOf(hre) === "default" ? "localhost" : networkOf(hre),
  });
  if (process.env["RPC_URL"] !== undefined) return { input: resolved.event, variables };
  const [url] = await readEndpoints(hre, resolved.network);
  return { input: resolved.event, variables: { ...variables, RPC_URL: url } };
}

/** The token of this machine's own upload server is for no other: a server elsewhere gets what `LOAD_TOKEN` says, or none. */
export function loadTokenOf(variables: Readonly<Record<string, string | undefined>>): string | undefined {
  const { LOAD_TOKEN, UPLOAD_TOKEN, LOAD_URL = "http://localhost" } = variables;
  if (LOAD_TOKEN !== undefined || !URL.canParse(LOAD_URL)) return LOAD_TOKEN;
  return isLoopback(new URL(LOAD_URL).hostname) ? UPLOAD_TOKEN : undefined;
}
