import { closeSync, fstatSync, openSync, statSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";

import { isCode } from "./endpoint.ts";
import { flock, LOCK_EX, LOCK_NB } from "./libc.ts";

/**
 * Runs `work` while it holds flock(2) on `path`, the lock that Python's filelock takes too.
 * The kernel frees it at once when a holder dies, so no lock is ever stale.
 */
export async function withLock<Result>(
  path: string,
  work: () => Result | Promise<Result>,
  { signal }: { readonly signal?: AbortSignal | undefined } = {},
): Promise<Result> {
  const fd = await acquire(path, signal);
  try {
    return await work();
  } finally {
    closeSync(fd);
  }
}

async function acquire(path: string, signal: AbortSignal | undefined): Promise<number> {
  // Waiting inside flock(2) would stop this process's event loop, or one of four threads.
  for (let waitMs = 0.5; ; waitMs = Math.min(waitMs * 2, 10)) {
    signal?.throwIfAborted();
    const fd = openSync(path, "a", 0o600);
    if (flock(fd, LOCK_EX | LOCK_NB) && isStillAt(path, fd)) return fd;
    closeSync(fd);
    await delay(waitMs, undefined, { signal });
  }
}

/** Newer filelocks remove the file: a lock on a removed file excludes nobody. */
function isStillAt(path: string, fd: number): boolean {
  try {
    return statSync(path).ino === fstatSync(fd).ino;
  } catch (error) {
    if (isCode(error, "ENOENT")) return false;
    throw error;
  }
}
