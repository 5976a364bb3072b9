import { readFile } from "node:fs/promises";
import { join } from "node:path";

import * as z from "zod";

import { MetacoinError, UsageError } from "../../errors.ts";
import { parseJson } from "../asl/json.ts";
import type { Json } from "../asl/types.ts";
import { parseEvent } from "../fault.ts";

import { inputSchema } from "./job.ts";

const typedSchema = inputSchema
  .partial()
  .extend({
    /** The folder of deployments/ in which the record is. */
    network: z
      .string()
      .regex(/^[\w-]+$/u)
      .optional(),
    /** The record's name. */
    contract: z
      .string()
      .regex(/^[\w-]+$/u)
      .default("MetaCoin"),
    // A key that is mistyped would silently mean the default.
  })
  .strict();

const blockNumber = z.union([z.int(), z.string().transform(Number).pipe(z.int())]);
const recordSchema = z.object({
  address: z.string(),
  receipt: z.object({ blockNumber }).optional(),
});
const chainSchema = z.object({ chainId: z.int() });

/**
 * Makes the event of the machine out of what a person types: the address, the first block and the chain come from a
 * deployment record, what was typed takes precedence.
 */
export async function resolveInput(
  typed: Json,
  { folder, network }: { readonly folder: string; readonly network: string },
): Promise<{ readonly network: string; readonly event: Json }> {
  const parsed = typedSchema.safeParse(typed);
  if (!parsed.success) throw new UsageError(`--input: ${z.prettifyError(parsed.error)}`);
  const { network: named = network, contract, ...rest } = parsed.data;
  if (rest.address !== undefined) return { network: named, event: eventOf(named, { fromBlock: 0, ...rest }) };
  const record = await readRecord(join(folder, named, `${contract}.json`), contract, named);
  const chain = chainSchema.safeParse(await readOptional(join(folder, named, ".chain.json")));
  const known = {
    address: record.address,
    fromBlock: record.receipt?.blockNumber ?? 0,
    ...(chain.success ? { chainId: chain.data.chainId } : {}),
  };
  return { network: named, event: eventOf(named, { ...known, ...rest }) };
}

/** The network stays in the event: a run that goes on later asks the same endpoint. */
function eventOf(network: string, event: unknown): Json {
  return parseJson(JSON.stringify({ ...parseEvent(inputSchema, event), network }));
}

async function readRecord(path: string, contract: string, network: string): Promise<z.infer<typeof recordSchema>> {
  const hint = `npx hardhat deploy --network ${network}`;
  const record = await readOptional(path);
  if (record === undefined) throw new RecordMissingError(`There is no record of ${contract} on ${network}`, { hint });
  const { success, data } = recordSchema.safeParse(record);
  if (!success) throw new RecordMissingError(`${path} is no record of a deployment`, { hint });
  return data;
}

/** `undefined` where there is no such file; what is no JSON is no record either. */
async function readOptional(path: string): Promise<unknown> {
  const text = await readFile(path, "utf8").catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    return parseJson(text);
  } catch {
    return text;
  }
}

export class RecordMissingError extends MetacoinError {
  override readonly code = "RECORD_MISSING";
}
