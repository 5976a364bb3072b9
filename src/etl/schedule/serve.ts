import type { Clock } from "../asl/types.ts";

import { parseExpression } from "./expression.ts";
import type { Schedule, ScheduleStore } from "./store.ts";

export type ServeOptions = {
  readonly store: ScheduleStore;
  readonly clock: Clock;
  /** Runs the pipeline of a schedule to its end; its failures are its own. */
  readonly run: (schedule: Schedule, fireMs: number) => Promise<void>;
  readonly onSkip?: (schedule: Schedule, fireMs: number, why: string) => void;
  /** Ends the service: nothing new starts, and what runs is awaited. */
  readonly signal: AbortSignal;
};

/** A fire this late was missed; before that the machine was merely busy. */
const graceMs = 60_000;
/** Schedules that another command wrote or removed are noticed after this. */
const lookMs = 2_000;

/** Fires the schedules until `signal` aborts. The next fire is on disk before a run starts: no fire happens twice. */
export async function serveSchedules(options: ServeOptions): Promise<void> {
  const { store, clock, signal } = options;
  const lanes = new Map<string, Lane>();
  while (!signal.aborted) {
    const schedules = await store.list();
    for (const schedule of schedules) {
      const fires = await takeDue(schedule, options);
      const lane = lanes.get(schedule.id) ?? { queue: [], work: undefined };
      lanes.set(schedule.id, lane);
      for (const fire of fires) offer(schedule, fire, lane, options);
    }
    await rest(schedules, clock, signal);
  }
  await Promise.all([...lanes.values()].flatMap(({ work }) => (work === undefined ? [] : [work])));
}

type Lane = { readonly queue: number[]; work: Promise<void> | undefined };

/** The fires that are due and to be run; the time after them is written down first. */
async function takeDue(schedule: Schedule, { store, clock, onSkip }: ServeOptions): Promise<readonly number[]> {
  const { expression, createdAt, nextFire, missed } = schedule;
  const now = clock.now();
  if (nextFire === null || Date.parse(nextFire) > now) return [];
  const { next } = parseExpression(expression, Date.parse(createdAt));
  const due: number[] = [];
  let fire: number | undefined = Date.parse(nextFire);
  while (fire !== undefined && fire <= now) {
    due.push(fire);
    fire = next(fire);
  }
  await store.write({ ...schedule, nextFire: fire === undefined ? null : new Date(fire).toISOString() });
  const late = due.filter((at) => now - at > graceMs);
  const punctual = due.filter((at) => now - at <= graceMs);
  const kept = missed === "all" ? late : missed === "one" && punctual.length === 0 ? late.slice(-1) : [];
  for (const at of late) if (!kept.includes(at)) onSkip?.(schedule, at, "missed");
  return [...kept, ...punctual];
}

function offer(schedule: Schedule, fire: number, lane: Lane, options: ServeOptions): void {
  if (lane.work === undefined) {
    lane.work = work(schedule, fire, lane, options);
  } else if (schedule.overlap === "queue") lane.queue.push(fire);
  else options.onSkip?.(schedule, fire, "the run before goes on");
}

async function work(schedule: Schedule, first: number, lane: Lane, { run, signal }: ServeOptions): Promise<void> {
  await run(schedule, first);
  while (!signal.aborted) {
    const fire = lane.queue.shift();
    if (fire === undefined) break;
    await run(schedule, fire);
  }
  lane.work = undefined;
}

async function rest(schedules: readonly Schedule[], clock: Clock, signal: AbortSignal): Promise<void> {
  const next = schedules.flatMap(({ nextFire }) => (nextFire === null ? [] : [Date.parse(nextFire) - clock.now()]));
  const ms = Math.max(0, Math.min(lookMs, ...next));
  // An aborted sleep ends the service, which looks at the signal itself.
  await clock.sleep(ms, signal).catch(() => undefined);
}

/** A new schedule with its first fire. */
export function makeSchedule(
  facts: Pick<Schedule, "id" | "pipeline" | "expression" | "input" | "overlap" | "missed">,
  now: number,
): Schedule {
  const fire = parseExpression(facts.expression, now).next(now);
  return {
    ...facts,
    createdAt: new Date(now).toISOString(),
    nextFire: fire === undefined ? null : new Date(fire).toISOString(),
  };
}
