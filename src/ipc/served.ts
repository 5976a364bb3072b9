import { closeSync, openSync } from "node:fs";

import { isCode } from "./endpoint.ts";
import { flock, LOCK_NB, LOCK_SH } from "./libc.ts";

/** Whether a living server owns `path`. A shared lock is tried, which two clients can hold at the same time. */
export function isServed(path: string): boolean {
  let fd: number;
  try {
    fd = openSync(`${path}.lock`, "r");
  } catch (error) {
    if (isCode(error, "ENOENT")) return false;
    throw error;
  }
  try {
    return !flock(fd, LOCK_SH | LOCK_NB);
  } finally {
    closeSync(fd);
  }
}
