import { mkdir, open, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

import { MetacoinError } from "../errors.ts";
import { type Clock, systemClock } from "../rpc/backoff.ts";

export type Lock = { readonly release: () => Promise<void> };

type LockOptions = {
  readonly clock?: Clock;
  readonly signal?: AbortSignal | undefined;
  /** Waits for the other process instead of refusing, and is told its pid once. */
  readonly onWait?: ((pid: string) => void) | undefined;
};

/** SQLite tells nobody when a lock is free. */
const retryMs = 200;

/**
 * Makes this process the only one that sends to a network.
 *
 * The lock is SQLite's own on a database with nothing in it, so the system frees it when the process dies, however
 * it dies: there is no stale lock to judge.
 *
 * @throws {LockedError} with the pid of the process that has it, where `onWait` is not given.
 * @throws {UnwritableFolderError} where the folder cannot be written.
 */
export async function lockFolder(
  folder: string,
  network: string,
  { clock = systemClock, signal, onWait }: LockOptions = {},
): Promise<Lock> {
  const pidPath = join(folder, ".lock-pid");
  let waits = 0;
  let database = await tryLock(folder);
  while (database === undefined) {
    const pid = await readFile(pidPath, "utf8").catch(() => "unknown");
    if (onWait === undefined) throw new LockedError(network, pid);
    if (waits++ === 0) onWait(pid);
    await clock.sleep(retryMs, signal);
    database = await tryLock(folder);
  }
  await writeFile(pidPath, String(process.pid));
  const held = database;
  return {
    async release() {
      await rm(pidPath, { force: true });
      held.close();
    },
  };
}

/** Undefined where another process has the lock. */
async function tryLock(folder: string): Promise<DatabaseSync | undefined> {
  let database: DatabaseSync | undefined;
  try {
    await mkdir(folder, { recursive: true });
    database = new DatabaseSync(join(folder, ".lock"));
    database.exec("PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE");
    return database;
  } catch (cause) {
    database?.close();
    if (isBusy(cause)) return undefined;
    throw new UnwritableFolderError(folder, cause);
  }
}

/**
 * Refuses a folder that cannot take `bytes` more, before anything is signed.
 *
 * @throws {UnwritableFolderError} on a full disk or a file system that is read-only.
 */
export async function checkRoom(folder: string, bytes: number): Promise<void> {
  const path = join(folder, `.lock-room-${String(process.pid)}`);
  try {
    const file = await open(path, "w");
    try {
      await file.writeFile(Buffer.alloc(bytes));
      await file.datasync();
    } finally {
      await file.close();
    }
  } catch (cause) {
    throw new UnwritableFolderError(folder, cause);
  } finally {
    await rm(path, { force: true }).catch(() => undefined);
  }
}

/** SQLite, "Result Codes": SQLITE_BUSY is 5. */
function isBusy(error: unknown): boolean {
  return error instanceof Error && "errcode" in error && error.errcode === 5;
}

/** Another process deploys to this network now. */
class LockedError extends MetacoinError {
  override readonly code = "LOCKED";

  constructor(network: string, pid: string) {
    super(`Process ${pid} is deploying to ${network} now`, {
      hint: `Wait for it, or end it: kill ${pid}\nThe same command then goes on from where it stopped.`,
    });
  }
}

/** The journal could not be kept, so nothing may be signed. */
class UnwritableFolderError extends MetacoinError {
  override readonly code = "UNWRITABLE_FOLDER";

  constructor(folder: string, cause: unknown) {
    const reason =
      cause instanceof Error && "code" in cause && typeof cause.code === "string" ? cause.code : String(cause);
    super(`${folder} cannot be written (${reason}); nothing was signed`, {
      hint: `df -h ${folder}; ls -ld ${folder}`,
      cause,
    });
  }
}
