import { type FileHandle, mkdir, open, readdir, readFile, truncate } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

import * as z from "zod";

import { MetacoinError, messageOf } from "../../errors.ts";
import { syncFolder } from "../../files.ts";
import type { HistoryEvent } from "../asl/types.ts";

import { type Mask, maskRecord } from "./mask.ts";

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
  /** The state is told where the run is this machine's. */
  z.object({ type: z.literal("resumed"), at: z.string(), state: z.string().optional(), pid: z.int() }),
  /** Of a run on AWS: it was left, and is looked at again. */
  z.object({ type: z.literal("followed"), at: z.string(), pid: z.int() }),
  z.object({ type: z.literal("event"), event: eventSchema }),
  z.object({ type: z.literal("child"), execution: z.string(), event: eventSchema }),
  z.object({
    type: z.literal("log"),
    state: z.string(),
    /** The StateEntered event of the visit that wrote it, and the child execution of a Distributed Map it was in. */
    entered: z.int().default(0),
    execution: z.string().optional(),
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

/** The latest line that says whether the run is going on, and in which process. */
export function lastStandingOf(records: readonly JournalRecord[]) {
  return records.findLast(
    (record) =>
      record.type === "started" || record.type === "resumed" || record.type === "followed" || record.type === "ended",
  );
}

/** The append-only file of one run. */
export type Journal = {
  readonly append: (record: JournalRecord) => void;
  /** Resolves when everything that was appended is on the disk. */
  readonly sync: () => Promise<void>;
  readonly close: () => Promise<void>;
};

/** Whoever looks at a run that is going on sees what happened up to so long ago. */
const writeAfterMs = 200;

/**
 * Opens a run's journal to append to it; a line that a crash cut off is removed first.
 *
 * After a failure nothing more is written: a line behind a torn one could not be read.
 *
 * @param mask makes a text fit to be kept: no secret reaches the disk.
 */
export async function openJournal(path: string, mask: Mask): Promise<Journal> {
  const fail = (error: unknown) => {
    throw new JournalFailedError(path, error);
  };
  const file = await openToAppend(path).catch(fail);
  let waiting: string[] = [];
  let writing: Promise<void> = Promise.resolve();
  let timer: NodeJS.Timeout | undefined;
  const flush = async () => {
    clearTimeout(timer);
    timer = undefined;
    const lines = waiting;
    waiting = [];
    if (lines.length > 0) await file.appendFile(lines.join("")).catch(fail);
  };
  const write = () => {
    writing = writing.then(flush);
    // Told at the next sync.
    writing.catch(() => undefined);
  };
  const sync = async () => {
    writing = writing.then(flush).then(async () => file.datasync().catch(fail));
    await writing;
  };
  return {
    append(record) {
      waiting.push(`${JSON.stringify(maskRecord(record, mask))}\n`);
      timer ??= setTimeout(write, writeAfterMs);
    },
    sync,
    async close() {
      try {
        await sync();
      } finally {
        clearTimeout(timer);
        await file.close();
      }
    },
  };
}

async function openToAppend(path: string): Promise<FileHandle> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await dropTornLine(path);
  const file = await open(path, "a", 0o600);
  await syncFolder(dirname(path));
  return file;
}

async function dropTornLine(path: string): Promise<void> {
  const text = await readFile(path).catch(() => undefined);
  if (text === undefined || text.length === 0 || text.at(-1) === 10) return;
  await truncate(path, text.lastIndexOf(10) + 1);
}

/**
 * Everything a journal says, but for a last line that a crash cut off.
 *
 * @throws {RunMissingError} {@link JournalBrokenError}
 */
export async function readJournal(path: string): Promise<JournalRecord[]> {
  const text = await readFile(path, "utf8").catch((error: unknown) => {
    throw new RunMissingError(`There is no run at ${path}`, { hint: "npx hardhat etl history", cause: error });
  });
  const lines = text.split("\n").slice(0, -1);
  return lines.map((line, at) => {
    try {
      return recordSchema.parse(JSON.parse(line));
    } catch (error) {
      throw new JournalBrokenError(path, at + 1, error);
    }
  });
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

export class RunMissingError extends MetacoinError {
  override readonly code = "RUN_MISSING";
}

/** The disk is full, or the folder is not to be written. */
class JournalFailedError extends MetacoinError {
  override readonly code = "JOURNAL_FAILED";

  constructor(path: string, cause: unknown) {
    super(`The journal ${path} cannot be written: ${messageOf(cause)}`, {
      hint: `df -h ${dirname(path)}; then npx hardhat etl run … --resume ${basename(path, ".jsonl")}`,
      cause,
    });
  }
}

/** A line that no crash explains. */
export class JournalBrokenError extends MetacoinError {
  override readonly code = "JOURNAL_BROKEN";

  constructor(path: string, line: number, cause: unknown) {
    super(`Line ${String(line)} of ${path} cannot be read`, { hint: `Mend it, or put the file aside: ${path}`, cause });
  }
}
