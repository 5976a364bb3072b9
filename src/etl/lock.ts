import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

import { MetacoinError } from "../errors.ts";

/**
 * Makes this process the only one that does `what` in a folder.
 *
 * The lock is SQLite's own on a database with nothing in it: the system frees it however the process ends, so there is
 * no stale lock to judge, and a pid that was given to another process means nothing.
 *
 * @param name letters, digits, `-` and `_`.
 * @returns what releases it.
 * @throws {BusyError} where another process holds it.
 */
export async function holdLock(
  folder: string,
  name: string,
  busy: { readonly message: string; readonly hint: string },
): Promise<() => void> {
  const path = join(folder, "locks");
  await mkdir(path, { recursive: true, mode: 0o700 });
  const database = new DatabaseSync(join(path, name), { timeout: 0 });
  try {
    database.exec("PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE");
  } catch (error) {
    database.close();
    // SQLite, "Result Codes": SQLITE_BUSY is 5.
    if (!(error instanceof Error && "errcode" in error && error.errcode === 5)) throw error;
    throw new BusyError(busy.message, { hint: busy.hint, cause: error });
  }
  return () => database.close();
}

/** Another process is at it. */
export class BusyError extends MetacoinError {
  override readonly code = "BUSY";
}
