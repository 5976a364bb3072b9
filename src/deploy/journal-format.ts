import { z } from "zod";

import { BrokenJournalError } from "./journal.ts";
import type { Run } from "./run.ts";

const integer = z.string().regex(/^\d+$/u).transform(BigInt);
const hex = z.string().regex(/^0x[0-9a-f]*$/iu);
const argument = z.custom<string>((value) => value !== undefined);
const abi = z.array(z.looseObject({ type: z.string() })).readonly();

const effect = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("deploy"),
    address: hex,
    contractName: z.string(),
    sourceName: z.string(),
    abi,
    args: z.array(argument),
    libraries: z.record(z.string(), hex),
    bytecode: hex,
    deployedBytecode: hex,
    metadata: z.string(),
    solcLongVersion: z.string(),
    solcInputHash: z.string(),
  }),
  z.object({ kind: z.literal("call"), functionName: z.string(), args: z.array(argument) }),
  z.object({ kind: z.literal("transfer") }),
]);

const step = z.object({
  label: z.string(),
  name: z.string(),
  from: hex,
  to: hex.optional().transform((to) => to ?? undefined),
  data: hex,
  value: integer,
  nonce: z.number().int(),
  gasUsed: integer,
  gasLimit: integer,
  effect,
});

const line = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("run"),
    id: z.string(),
    network: z.string(),
    chainId: z.number().int(),
    genesisHash: hex,
    startedAt: z.string(),
    startBlock: z.number().int(),
    feeCeiling: integer,
    steps: z.array(step),
  }),
  z.object({
    type: z.literal("signed"),
    slot: z.number().int(),
    hash: hex,
    raw: hex,
    // The type is called so in the line, since "type" is the line's own.
    kind: z.union([z.literal(0), z.literal(2)]),
    maxFeePerGas: integer,
    maxPriorityFeePerGas: integer,
    cancels: z.boolean(),
  }),
  z.object({ type: z.literal("sealed") }),
  z.object({ type: z.enum(["sent", "mined", "resent", "replaced", "reorganised", "taken"]) }),
]);

/**
 * Reads whole lines of a journal.
 *
 * @returns undefined where the run was never sealed: nothing of it was sent.
 * @throws {BrokenJournalError} where a whole line is not one of ours.
 */
export function parseJournal(text: string, path: string): Run | undefined {
  let run: Run | undefined;
  let sealed = false;
  for (const [index, json] of text.split("\n").entries()) {
    if (json === "") continue;
    const entry = parseLine(json, path, index + 1);
    if (entry.type === "run") {
      const { type: _, steps, ...head } = entry;
      run = { ...head, slots: steps.map((step) => ({ step: { ...step, to: step.to }, versions: [] })) };
    }
    if (entry.type === "signed") {
      const { kind, slot, hash, raw, maxFeePerGas, maxPriorityFeePerGas, cancels } = entry;
      run?.slots[slot]?.versions.push({ type: kind, hash, raw, maxFeePerGas, maxPriorityFeePerGas, cancels });
    }
    sealed ||= entry.type === "sealed";
  }
  return sealed ? run : undefined;
}

function parseLine(json: string, path: string, number: number) {
  try {
    return line.parse(JSON.parse(json));
  } catch (cause) {
    throw new BrokenJournalError(path, number, cause);
  }
}
