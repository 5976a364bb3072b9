import { access, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";

import * as z from "zod";

import { MetacoinError } from "../../errors.ts";
import { writeFileAtomically } from "../../files.ts";

const scheduleSchema = z.object({
  id: z.string(),
  pipeline: z.string(),
  expression: z.string(),
  input: z.json(),
  /** While its last run goes on: leave the fire out, or run it after. */
  overlap: z.enum(["skip", "queue"]),
  /** What was due while no service ran: one run for all, every one, or none. */
  missed: z.enum(["one", "all", "none"]),
  createdAt: z.string(),
  /** ISO 8601; null where the expression has no more. */
  nextFire: z.string().nullable(),
});
export type Schedule = z.infer<typeof scheduleSchema>;

/** The schedules of a project, a file each. */
export type ScheduleStore = {
  /** @param onBroken takes the error of each file that is no schedule; the others are listed. */
  readonly list: (onBroken: (error: unknown) => void) => Promise<readonly Schedule[]>;
  readonly has: (id: string) => Promise<boolean>;
  readonly write: (schedule: Schedule) => Promise<void>;
  /** @throws {ScheduleMissingError} */
  readonly remove: (id: string) => Promise<void>;
};

export function openSchedules(folder: string): ScheduleStore {
  const pathOf = (id: string) => join(folder, "schedules", `${id}.json`);
  return {
    async list(onBroken) {
      const names = await readdir(join(folder, "schedules")).catch(() => []);
      const files = names.filter((name) => name.endsWith(".json")).sort();
      const found = await Promise.all(
        files.map(async (name) =>
          readSchedule(join(folder, "schedules", name)).catch((error: unknown) => {
            onBroken(error);
            return undefined;
          }),
        ),
      );
      return found.filter((schedule) => schedule !== undefined);
    },
    async has(id) {
      return access(pathOf(id)).then(
        () => true,
        () => false,
      );
    },
    async write(schedule) {
      await writeFileAtomically(pathOf(schedule.id), `${JSON.stringify(schedule, undefined, 2)}\n`, { mode: 0o600 });
    },
    async remove(id) {
      if (!/^[\w-]+$/u.test(id)) throw new ScheduleMissingError(id);
      await rm(pathOf(id)).catch((error: unknown) => {
        throw new ScheduleMissingError(id, error);
      });
    },
  };
}

/** `undefined` where it was removed meanwhile. */
async function readSchedule(path: string): Promise<Schedule | undefined> {
  const text = await readFile(path, "utf8").catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    return scheduleSchema.parse(JSON.parse(text));
  } catch (error) {
    throw new ScheduleBrokenError(`${path} is no schedule`, { hint: `Mend it, or: rm ${path}`, cause: error });
  }
}

class ScheduleBrokenError extends MetacoinError {
  override readonly code = "SCHEDULE_BROKEN";
}

class ScheduleMissingError extends MetacoinError {
  override readonly code = "SCHEDULE_MISSING";

  constructor(id: string, cause?: unknown) {
    super(`There is no schedule "${id}"`, { hint: "npx hardhat etl schedule list", cause });
  }
}
