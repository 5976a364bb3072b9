import { messageOf } from "../../errors.ts";
import type { Clock } from "../asl/types.ts";

import { parseExpression } from "./expression.ts";
import type { Schedule, ScheduleStore } from "./store.ts";

export type ServeOptions = {
  readonly store: ScheduleStore;
  readonly clock: Clock;
  /** Runs the pipeline of a schedule to its end; its failures are its own. */
  readonly run: (schedule: Schedule, fireMs: number) => Promise<void>;
  readonly onSkip?: (schedule: Schedule, fireMs: number, why: string) => void;
  /** A schedule that cannot be read or written, told once; the others go on. */
  readonly onBroken?: (error: unknown) => void;
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
  const tell = tellOnce(options);
  while (!signal.aborted) {
    const served: Schedule[] = [];
    for (const schedule of await store.list(tell)) {
      const due = await takeDue(schedule, options).catch(tell);
      if (due === undefined) continue;
      served.push(schedule);
      const lane = lanes.get(schedule.id) ?? { queue: [], work: undefined };
      lanes.set(schedule.id, lane);
      // The missed ones would have ended by now: they come one after the other, whatever overlap says.
      for (const fire of due.missed) offer(schedule, fire, lane, { ...options, mayWait: true });
      for (const fire of due.punctual)
        offer(schedule, fire, lane, { ...options, mayWait: schedule.overlap === "queue" });
    }
    await rest(served, clock, signal);
  }
  await Promise.all([...lanes.values()].flatMap(({ work }) => (work === undefined ? [] : [work])));
  for (const schedule of await store.list(tell)) {
    const [first] = lanes.get(schedule.id)?.queue ?? [];
    // As if no service had seen them: the next one takes them as missed.
    if (first !== undefined) await store.write({ ...schedule, nextFire: new Date(first).toISOString() }).catch(tell);
  }
}

function tellOnce({ onBroken }: ServeOptions): (error: unknown) => undefined {
  const told = new Set<string>();
  return (error) => {
    const message = messageOf(error);
    if (!told.has(message)) onBroken?.(error);
    told.add(message);
    return undefined;
  };
}

type Lane = { readonly queue: number[]; work: Promise<void> | undefined };

type Due = { readonly missed: readonly number[]; readonly punctual: readonly number[] };

/** The fires that are due and to be run; the time after them is written down first. */
async function takeDue(schedule: Schedule, { store, clock, onSkip }: ServeOptions): Promise<Due> {
  const { id, expression, createdAt, nextFire } = schedule;
  const now = clock.now();
  if (nextFire === null || Date.parse(nextFire) > now) return { missed: [], punctual: [] };
  const { next } = parseExpression(expression, Date.parse(createdAt));
  const due: number[] = [];
  let fire: number | undefined = Date.parse(nextFire);
  while (fire !== undefined && fire <= now) {
    due.push(fire);
    fire = next(fire);
  }
  // Another command may have removed it since it was read.
  if (!(await store.has(id))) return { missed: [], punctual: [] };
  await store.write({ ...schedule, nextFire: fire === undefined ? null : new Date(fire).toISOString() });
  const late = due.filter((at) => now - at > graceMs);
  const punctual = due.filter((at) => now - at <= graceMs);
  const missed = keptOf(late, schedule, punctual.length > 0);
  const left = late.length - missed.length;
  const last = late[left - 1];
  if (last !== undefined) onSkip?.(schedule, last, left === 1 ? "missed" : `missed, as ${String(left - 1)} before it`);
  return { missed, punctual };
}

/** The latest of the missed fires, as many as the schedule wants. */
function keptOf(late: readonly number[], { missed }: Schedule, isDueNow: boolean): readonly number[] {
  if (missed === "all") return late;
  return missed === "one" && !isDueNow ? late.slice(-1) : [];
}

type Offer = ServeOptions & { readonly mayWait: boolean };

function offer(schedule: Schedule, fire: number, lane: Lane, options: Offer): void {
  if (lane.work === undefined) lane.work = work(schedule, fire, lane, options);
  else if (options.mayWait) lane.queue.push(fire);
  else options.onSkip?.(schedule, fire, "the run before goes on");
}

async function work(
  schedule: Schedule,
  first: number,
  lane: Lane,
  { run, onSkip, signal }: ServeOptions,
): Promise<void> {
  await run(schedule, first);
  while (!signal.aborted) {
    const fire = lane.queue.shift();
    if (fire === undefined) break;
    await run(schedule, fire);
  }
  for (const fire of lane.queue) onSkip?.(schedule, fire, "the service ends, and the next one takes it as missed");
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
