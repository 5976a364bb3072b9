import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

import { z } from "zod";

/** What a run was going to do, and what happened to it, as its journal tells. */
export type ReportedRun = {
  readonly id: string;
  /** ISO 8601: when it was signed. */
  readonly startedAt: string;
  readonly startBlock: number;
  /** False for the one that the next `deploy` goes on with. */
  readonly finished: boolean;
  readonly steps: readonly ReportedStep[];
  readonly events: readonly ReportedEvent[];
};

export type ReportedStep = {
  readonly label: string;
  readonly from: string;
  readonly nonce: number;
  /** Gas of the rehearsal. */
  readonly gasUsed: bigint;
  /** Wei per gas that each signed version offers, oldest first. */
  readonly offers: readonly bigint[];
};

export type EventType = "sent" | "resent" | "replaced" | "mined" | "reorganised" | "taken";

export type ReportedEvent = {
  readonly type: EventType;
  readonly nonce: number;
  readonly label: string;
  /** ISO 8601. */
  readonly at: string;
  readonly hash?: string | undefined;
  readonly blockNumber?: number | undefined;
};

const integer = z.string().regex(/^\d+$/u).transform(BigInt);

const line = z.union([
  z.object({
    type: z.literal("run"),
    id: z.string(),
    startedAt: z.string(),
    startBlock: z.number(),
    steps: z.array(z.object({ label: z.string(), from: z.string(), nonce: z.number(), gasUsed: integer })),
  }),
  z.object({ type: z.literal("signed"), slot: z.number(), maxFeePerGas: integer }),
  z.object({
    type: z.enum(["sent", "resent", "replaced", "mined", "reorganised", "taken"]),
    label: z.string(),
    nonce: z.number(),
    at: z.string(),
    hash: z.string().optional(),
    blockNumber: z.number().optional(),
  }),
]);

/** The runs whose journals lie on this machine, newest first. Journals are not committed, so elsewhere there are none. */
export async function readRuns(folder: string): Promise<readonly ReportedRun[]> {
  const finished = join(folder, ".journal");
  const names = await readdir(finished).catch(() => []);
  const files = names.filter((name) => name.endsWith(".jsonl")).map((name) => join(finished, name));
  const runs = await Promise.all([
    ...files.map(async (file) => parseRun(await readFile(file, "utf8"), true)),
    readFile(join(folder, ".journal.jsonl"), "utf8").then(
      (text) => parseRun(text, false),
      () => undefined,
    ),
  ]);
  return runs.filter((run) => run !== undefined).toSorted((one, other) => (one.id < other.id ? 1 : -1));
}

/** Lines that say nothing to a report are passed over; undefined where there is no run. */
export function parseRun(text: string, finished: boolean): ReportedRun | undefined {
  const lines = text.split("\n").flatMap((json) => {
    const parsed = line.safeParse(parseJson(json));
    return parsed.success ? [parsed.data] : [];
  });
  const head = lines.find((entry) => entry.type === "run");
  if (head === undefined) return undefined;
  const signed = lines.filter((entry) => entry.type === "signed");
  const steps = head.steps.map((step, slot) => ({
    ...step,
    offers: signed.filter((entry) => entry.slot === slot).map(({ maxFeePerGas }) => maxFeePerGas),
  }));
  const events = lines.flatMap((entry) => (entry.type === "run" || entry.type === "signed" ? [] : [entry]));
  return { id: head.id, startedAt: head.startedAt, startBlock: head.startBlock, finished, steps, events };
}

/** A torn last line is no JSON. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
