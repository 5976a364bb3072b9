import { constants } from "node:fs";
import { open, readFile, type FileHandle } from "node:fs/promises";

import { z } from "zod";

import { MetacoinError } from "../errors.ts";
import type { Peer } from "../ipc/contract.ts";
import type { Spent } from "./spending.ts";

/** One line of the audit log: what was asked, by whom, and what became of it. Never a key, a message or call data. */
type AuditEntry = {
  readonly event: "started" | "stopped" | "signed" | "refused" | "locked" | "unlocked";
  readonly method?: string;
  readonly account?: string;
  readonly peer?: Peer;
  /** Who allowed it: the rules, or a person at the terminal. */
  readonly by?: "rules" | "terminal";
  readonly reasons?: readonly string[];
  readonly rulesSha256?: string | undefined;
  readonly transaction?: AuditedTransaction;
  /** Of what was signed: the transaction's hash, or the digest of the message. */
  readonly hash?: string;
};

/** Amounts in wei, as decimal strings. */
export type AuditedTransaction = {
  readonly chainId: number;
  readonly to: string | undefined;
  readonly value: string;
  readonly maxFee: string;
  readonly nonce?: number;
  readonly selector?: string;
};

export type AuditLog = {
  /** Resolves when the line is on the disk; nothing that was signed leaves before. */
  write(entry: AuditEntry): Promise<void>;
  /** The signed transactions of earlier runs that are younger than `ms`. */
  signedWithin(ms: number): Promise<Spent[]>;
  close(): Promise<void>;
};

/**
 * Opens, or begins, the audit log: JSON lines, mode 0600, each flushed to the disk.
 *
 * @throws {AuditError} where others could read or change the file.
 */
export async function openAudit(path: string, now: () => number): Promise<AuditLog> {
  const file = await openPrivate(path);
  await endTornLine(file);
  let last: Promise<unknown> = Promise.resolve();
  const append = async (before: Promise<unknown>, line: string) => {
    await before;
    await file.appendFile(line);
    await file.datasync();
  };
  return {
    async write(entry) {
      const line = `${JSON.stringify({ time: new Date(now()).toISOString(), ...entry })}\n`;
      const written = append(last, line);
      last = written.catch(() => undefined);
      await written;
    },
    async signedWithin(ms) {
      const since = now() - ms;
      return (await readFile(path, "utf8"))
        .split("\n")
        .flatMap(readSpent)
        .filter(({ atMs }) => atMs > since);
    },
    async close() {
      await last;
      await file.close();
    },
  };
}

async function openPrivate(path: string): Promise<FileHandle> {
  const { O_APPEND, O_CREAT, O_RDWR } = constants;
  // Windows has no such flag.
  const noFollow = process.platform === "win32" ? 0 : constants.O_NOFOLLOW;
  const file = await open(path, O_RDWR | O_APPEND | O_CREAT | noFollow, 0o600).catch((error: unknown) => {
    throw new AuditError(`Cannot open the audit log ${path}`, { cause: error });
  });
  const { mode, uid } = await file.stat();
  if (process.platform === "win32" || ((mode & 0o077) === 0 && uid === process.geteuid?.())) return file;
  await file.close();
  throw new AuditError(`The audit log ${path} can be read by others (mode ${(mode & 0o777).toString(8)})`, {
    hint: `chown it to yourself, then: chmod 600 ${path}`,
  });
}

/** A line cut short by a crash was never acted on; the next one begins on a line of its own. */
async function endTornLine(file: FileHandle): Promise<void> {
  const { size } = await file.stat();
  if (size === 0) return;
  const { buffer } = await file.read(Buffer.alloc(1), 0, 1, size - 1);
  if (buffer[0] !== 0x0a) await file.appendFile("\n");
}

const signedLine = z.object({
  time: z.iso.datetime(),
  event: z.literal("signed"),
  transaction: z.object({ value: z.string().regex(/^\d+$/u), maxFee: z.string().regex(/^\d+$/u) }),
});

function readSpent(line: string): Spent[] {
  let document: unknown;
  try {
    document = JSON.parse(line);
  } catch {
    return [];
  }
  const { data } = signedLine.safeParse(document);
  if (data === undefined) return [];
  return [{ atMs: Date.parse(data.time), wei: BigInt(data.transaction.value) + BigInt(data.transaction.maxFee) }];
}

export class AuditError extends MetacoinError {
  override readonly code = "SIGNER_AUDIT";
}
