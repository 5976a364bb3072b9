import { randomBytes } from "node:crypto";

import { messageOf, UsageError } from "../../src/errors.ts";
import type { Json } from "../../src/etl/asl/types.ts";
import { findPipeline } from "../../src/etl/pipelines.ts";
import { startRun, systemClock } from "../../src/etl/run/run.ts";
import { holdLock } from "../../src/etl/lock.ts";
import { makeSchedule, serveSchedules } from "../../src/etl/schedule/serve.ts";
import { openSchedules, type Schedule } from "../../src/etl/schedule/store.ts";
import { action, type ActionContext } from "../action.ts";

import { etlFolder, prepare, readJsonArgument } from "./world.ts";

type Args = {
  readonly pipeline: string | undefined;
  readonly expression: string | undefined;
  readonly input: string | undefined;
  readonly overlap: string;
  readonly missed: string;
  readonly record: boolean;
};

export default action<Args, Schedule | null>({
  async run(args, context) {
    const folder = etlFolder(context.hre);
    const store = openSchedules(folder);
    const schedule = await scheduleOf(args);
    if (args.record) {
      if (schedule === undefined) throw new UsageError("Say what to record", { hint: example });
      await store.write(schedule);
      return schedule;
    }
    // Held before anything is written: a refused command leaves no schedule behind.
    const release = await holdLock(folder, "schedules", {
      message: "Another process serves the schedules already",
      hint: "It takes up new ones by itself: add --record to write one down",
    });
    try {
      if (schedule !== undefined) await store.write(schedule);
      if (schedule !== undefined) context.progress.line(line(schedule));
      context.progress.line("Serving the schedules; Ctrl-C ends it after what runs");
      await serveSchedules({
        store,
        clock: systemClock,
        signal: context.signal,
        run: async (due, fire) => fireOnce(due, fire, context),
        onBroken: (error) => context.progress.line(`Left out: ${messageOf(error)}`),
        onSkip: ({ id }, fire, why) => context.progress.line(`${at(fire)} ${id} skipped: ${why}`),
      });
    } finally {
      release();
    }
    return null;
  },
  render: (schedule) => (schedule === null ? "" : line(schedule)),
});

const example = 'npx hardhat etl schedule headlines "rate(5 minutes)" --record';

async function scheduleOf(args: Args): Promise<Schedule | undefined> {
  const { pipeline, expression, overlap, missed } = args;
  if (pipeline === undefined) return undefined;
  if (expression === undefined)
    throw new UsageError("Say when", { hint: `npx hardhat etl schedule ${pipeline} "rate(5 minutes)"` });
  const input: Json = args.input === undefined ? {} : await readJsonArgument(args.input, "--input");
  findPipeline(pipeline);
  if (overlap !== "skip" && overlap !== "queue") throw new UsageError(`--overlap is skip or queue, not ${overlap}`);
  if (missed !== "one" && missed !== "all" && missed !== "none")
    throw new UsageError(`--missed is one, all or none, not ${missed}`);
  const id = `${pipeline}-${randomBytes(3).toString("hex")}`;
  return makeSchedule({ id, pipeline, expression, input, overlap, missed }, Date.now());
}

/** One run of a schedule; the service outlives its failures. */
async function fireOnce(schedule: Schedule, fire: number, { hre, progress }: ActionContext): Promise<void> {
  try {
    const { input, variables } = await prepare(hre, schedule.pipeline, schedule.input);
    // A stop lets the run end: its signal is not the service's.
    const { signal } = new AbortController();
    const result = await startRun(findPipeline(schedule.pipeline), input, {
      folder: etlFolder(hre),
      variables,
      signal,
    });
    progress.line(`${at(fire)} ${schedule.id} ${result.run} ${result.status}`);
  } catch (error) {
    progress.line(`${at(fire)} ${schedule.id} failed: ${messageOf(error)}`);
  }
}

function line({ id, pipeline, expression, nextFire }: Schedule): string {
  return `${id}  ${pipeline}  ${expression}  next ${nextFire ?? "never"}`;
}

function at(ms: number): string {
  return new Date(ms).toISOString();
}
