import { mkdir, open, readFile, rm } from "node:fs/promises";
import { join } from "node:path";

import { MetacoinError } from "../../errors.ts";
import { isAlive } from "../run/process.ts";

/**
 * Keeps a second service from firing the same schedules; a lock whose process is gone is taken over.
 *
 * @returns what releases it.
 * @throws {ServiceRunningError}
 */
export async function holdLock(folder: string): Promise<() => Promise<void>> {
  const path = join(folder, "schedules", ".lock");
  await mkdir(join(folder, "schedules"), { recursive: true, mode: 0o700 });
  for (;;) {
    const file = await open(path, "wx", 0o600).catch(() => undefined);
    if (file !== undefined) {
      await file.writeFile(String(process.pid));
      await file.close();
      return async () => rm(path, { force: true });
    }
    const pid = Number(await readFile(path, "utf8").catch(() => ""));
    if (pid > 0 && isAlive(pid)) throw new ServiceRunningError(pid);
    await rm(path, { force: true });
  }
}

class ServiceRunningError extends MetacoinError {
  override readonly code = "SERVICE_RUNNING";

  constructor(pid: number) {
    super(`Process ${String(pid)} serves the schedules already`, {
      hint: "It takes up new ones by itself: add --record to write one down",
    });
  }
}
