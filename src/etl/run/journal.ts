import { mkdir, open, readdir, readFile, truncate } from "node:fs/promises";
import { dirname, join } from "node:path";

import * as z from "zod";

import { MetacoinError } from "../../errors.ts";
import { syncFolder } from "../../files.ts";
import type { HistoryEvent } from "../asl/types.ts";

const json = z.json();

const eventSchema = z.custom<HistoryEvent>(
  (value) => z.object({ id: z.int(), previousEventId: z.int(), type: z.string() }).safeParse(value).success,
);

/** A line of a run's journal. */
const recordSchema = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("started"),
    run: z.string(),
    pipeline: z.string(),
    runner: z.enum(["local", "aws"]),
    definition: z.string(),
    input: json,
    at: z.string(),
    pid: z.int(),
  }),
  z.object({ type: z.literal("resumed"), at: z.string(), state: z.string(), pid: z.int() }),
  z.object({ type: z.literal("event"), event: eventSchema }),
  z.object({ type: z.literal("child"), execution: z.string(), event: eventSchema }),
  z.object({
    type: z.literal("log"),
    state: z.string(),
    attempt: z.int(),
    stream: z.enum(["stdout", "stderr"]),
    text: z.string(),
    at: z.string(),
  }),
  z.object({
    type: z.literal("ended"),
    at: z.string(),
    status: z.enum(["SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED"]),
    output: json.optional(),
    error: z.string().optional(),
    cause: z.string().optional(),
  }),
]);
export type JournalRecord = z.infer<typeof recordSchema>;
export type Started = Extract<JournalRecord, { readonly type: "started" }>;

/** The append-only file of one run. */
export type Journal = {
  readonly append: (record: JournalRecord) => void;
  /** Resolves when everything that was appended is on the disk. */
  readonly sync: () => Promise<void>;
  readonly close: () => Promise<void>;
};

/**
 * Opens a run's journal to append to it; a line that a crash cut off is removed first.
 *
 * @param mask makes a line fit to be kept: no secret reaches the disk.
 */
export async function openJournal(path: string, mask: (line: string) => string): Promise<Journal> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await dropTornLine(path);
  const file = await open(path, "a", 0o600);
  await syncFolder(dirname(path));
  let waiting: string[] = [];
  let writing: Promise<void> = Promise.resolve();
  const flush = async () => {
    if (waiting.length === 0) return;
    const lines = waiting;
    waiting = [];
    await file.appendFile(lines.join(""));
    await file.datasync();
  };
  const sync = async () => {
    writing = writing.then(flush);
    await writing;
  };
  return {
    append: (record) => void waiting.push(`${mask(JSON.stringify(record))}\n`),
    sync,
    async close() {
      await sync();
      await file.close();
    },
  };
}

async function dropTornLine(path: string): Promise<void> {
  const text = await readFile(path).catch(() => undefined);
  if (text === undefined || text.length === 0 || text.at(-1) === 10) return;
  await truncate(path, text.lastIndexOf(10) + 1);
}

/** Everything a journal says, but for a last line that a crash cut off. */
export async function readJournal(path: string): Promise<JournalRecord[]> {
  const text = await readFile(path, "utf8").catch((error: unknown) => {
    throw new RunMissingError(`There is no run at ${path}`, { hint: "npx hardhat etl history", cause: error });
  });
  const lines = text.split("\n").slice(0, -1);
  return lines.map((line) => recordSchema.parse(JSON.parse(line)));
}

/** Where the journal of a run is. */
export function journalPath(folder: string, run: string): string {
  if (!/^[\w-]+$/u.test(run)) throw new RunMissingError(`"${run}" is no run`, { hint: "npx hardhat etl history" });
  return join(folder, "runs", `${run}.jsonl`);
}

/** The runs, the latest first. */
export async function listRuns(folder: string): Promise<string[]> {
  const names = await readdir(join(folder, "runs")).catch(() => []);
  return names
    .filter((name) => name.endsWith(".jsonl"))
    .map((name) => name.slice(0, -".jsonl".length))
    .sort()
    .reverse();
}

/** Replaces every secret value, as it is and as JSON writes it; of an address also the key in its path or query. */
export function createMask(secrets: readonly (string | undefined)[]): (line: string) => string {
  const values = secrets.flatMap((secret) =>
    secret === undefined || secret.length < 4 ? [] : [secret, ...keysIn(secret)],
  );
  const words = values.flatMap((value) => [value, JSON.stringify(value).slice(1, -1)]);
  return (line) => words.reduce((masked, word) => masked.replaceAll(word, "***"), line);
}

/** Providers put their key into the path; their messages sometimes repeat it alone. */
function keysIn(url: string): string[] {
  if (!URL.canParse(url)) return [];
  const { pathname, searchParams, password } = new URL(url);
  return [...pathname.split("/"), ...searchParams.values(), password].filter((part) => part.length >= 16);
}

export class RunMissingError extends MetacoinError {
  override readonly code = "RUN_MISSING";
}
