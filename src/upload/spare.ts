import { randomBytes } from "node:crypto";
import { existsSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { MiB } from "./protocol.ts";

/**
 * A file that only takes space, to be given up where the disk is full: even to remove something, the catalogue has to
 * write first.
 */
export type Spare = {
  /** Makes it where it is not there and there is space. */
  readonly keep: () => void;
  /** Gives it up. @returns false where it was not there. */
  readonly release: () => boolean;
};

export function spareAt(dir: string): Spare {
  const path = join(dir, "spare");
  const release = () => {
    const there = existsSync(path);
    rmSync(path, { force: true });
    return there;
  };
  return {
    release,
    keep: () => {
      if (existsSync(path)) return;
      try {
        // Random, since some file systems keep no zeros.
        writeFileSync(path, randomBytes(MiB), { mode: 0o600 });
      } catch {
        release();
      }
    },
  };
}
