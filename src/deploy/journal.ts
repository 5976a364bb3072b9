import { constants } from "node:fs";
import { type FileHandle, mkdir, open, readFile, rename, rm, truncate } from "node:fs/promises";
import { dirname, join } from "node:path";

import { MetacoinError } from "../errors.ts";
import { syncFolder } from "../files.ts";
import type { Run } from "./run.ts";
import type { SignedTransaction } from "./sign.ts";

/**
 * The journal of one run: what was signed, on disk before it is sent.
 *
 * A file of JSON lines: `run` with everything the plan says, a `signed` line for each transaction, `sealed`. A file
 * without `sealed` comes from a crash before anything could be sent, so it is void. What comes behind is one line an
 * event; only a replacement must be on disk before it is sent, the other events are for the report.
 */
export type Journal = {
  /** Makes a replacement durable. */
  readonly appendSigned: (slot: number, signed: SignedTransaction) => Promise<void>;
  /** Notes what happened, for the report; not synced. */
  readonly note: (event: JournalEvent) => void;
  /** The run is over: its journal moves to `.journal/<id>.jsonl`. */
  readonly finish: () => Promise<void>;
  readonly close: () => Promise<void>;
};

/** An event with its time, ISO 8601. */
export type JournalEvent = {
  readonly type: "sent" | "mined" | "resent" | "replaced" | "reorganised" | "taken";
  readonly at: string;
} & Readonly<Record<string, string | number>>;

/** A journal that remembers nothing: a chain in this process ends with it. */
export const noJournal: Journal = {
  appendSigned: async () => undefined,
  note: () => undefined,
  finish: async () => undefined,
  close: async () => undefined,
};

const fileName = ".journal.jsonl";

/** Writes a new journal with one sync for all signed transactions. Call it before anything is sent. */
export async function createJournal(folder: string, run: Run): Promise<Journal> {
  await mkdir(folder, { recursive: true });
  const { slots, ...head } = run;
  const lines = [
    { type: "run", ...head, steps: slots.map(({ step }) => step) },
    ...slots.flatMap(({ versions }, slot) => versions.map((signed) => signedLine(slot, signed))),
    { type: "sealed" },
  ];
  const path = join(folder, fileName);
  const file = await open(path, constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY | constants.O_APPEND, 0o644);
  try {
    await file.writeFile(lines.map(toLine).join(""));
    await file.datasync();
    await syncFolder(folder);
  } catch (error) {
    await file.close();
    await rm(path, { force: true });
    throw error;
  }
  return writer(path, run.id, file);
}

/** A run that was signed and not finished, with its journal open to go on; undefined where there is none. */
export async function resumeJournal(
  folder: string,
): Promise<{ readonly run: Run; readonly journal: Journal } | undefined> {
  const path = join(folder, fileName);
  const text = await readFile(path, "utf8").catch((error: unknown) => {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  // A line without its end was being written when the process died; nothing that it says was acted upon.
  const whole = text.slice(0, text.lastIndexOf("\n") + 1);
  const { parseJournal } = await import("./journal-format.ts");
  const run = parseJournal(whole, path);
  if (run === undefined) {
    await rm(path);
    return undefined;
  }
  if (whole.length < text.length) await truncate(path, Buffer.byteLength(whole));
  return { run, journal: writer(path, run.id, await open(path, "a")) };
}

/** Where the journals of finished runs lie. */
function finishedJournal(folder: string, id: string): string {
  return join(folder, ".journal", `${id}.jsonl`);
}

function writer(path: string, id: string, file: FileHandle): Journal {
  let tail: Promise<unknown> = Promise.resolve();
  let closed = false;
  const close = async () => {
    if (closed) return;
    closed = true;
    await tail.catch(() => undefined);
    await file.close();
  };
  return {
    async appendSigned(slot, signed) {
      tail = tail.then(() => file.appendFile(toLine(signedLine(slot, signed))));
      await tail;
      await file.datasync();
    },
    note(event) {
      // A note that cannot be written loses a line of the report, nothing else.
      tail = tail.then(() => file.appendFile(toLine(event))).catch(() => undefined);
    },
    async finish() {
      await close();
      const target = finishedJournal(dirname(path), id);
      await mkdir(dirname(target), { recursive: true });
      await rename(path, target);
    },
    close,
  };
}

function signedLine(slot: number, { type: kind, ...signed }: SignedTransaction) {
  return { type: "signed", slot, kind, ...signed };
}

function toLine(value: unknown): string {
  return `${JSON.stringify(value, (_, item: unknown) => (typeof item === "bigint" ? item.toString() : item))}\n`;
}

/** The journal was changed by something else than this program. */
export class BrokenJournalError extends MetacoinError {
  override readonly code = "BROKEN_JOURNAL";

  constructor(path: string, line: number, cause: unknown) {
    super(`${path}, line ${String(line)}, is not what this program writes`, {
      hint: "It holds transactions that may have been sent. Restore the file, or move it away after checking the account's nonce.",
      cause,
    });
  }
}
