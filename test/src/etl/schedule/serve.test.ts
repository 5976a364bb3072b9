import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";

import type { Clock } from "../../../../src/etl/asl/types.ts";
import { makeSchedule, serveSchedules } from "../../../../src/etl/schedule/serve.ts";
import { openSchedules, type Schedule, type ScheduleStore } from "../../../../src/etl/schedule/store.ts";

const start = Date.parse("2026-11-22T12:00:00Z");
const minute = 60_000;
const ends = "the service ends, and the next one takes it as missed";

function fail(error: unknown): never {
  throw error;
}

/** Time passes where the service sleeps, and nowhere else. */
function clockAt(ms: number): Clock & { readonly reached: (untilMs: number) => Promise<void> } {
  let now = ms;
  const turn = async () => new Promise<void>((resolve) => setImmediate(resolve));
  return {
    now: () => now,
    async sleep(forMs) {
      now += forMs;
      await turn();
    },
    async reached(untilMs) {
      for (;;) {
        if (now >= untilMs) return;
        await turn();
      }
    },
  };
}

describe("serveSchedules", () => {
  let folder: string;
  let store: ScheduleStore;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "schedule-"));
    store = openSchedules(folder);
  });
  afterEach(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  function every(facts: Partial<Schedule> = {}, at = start): Schedule {
    const made = { id: "a", pipeline: "headlines", expression: "rate(5 minutes)", input: {} };
    return { ...makeSchedule({ ...made, overlap: "skip", missed: "one" }, at), ...facts };
  }

  /** Serves in virtual time until so many runs have ended; every run takes `tookMs`. */
  async function serve(clock: ReturnType<typeof clockAt>, runs: number, tookMs = 0) {
    const stop = new AbortController();
    const fired: number[] = [];
    const skipped: string[] = [];
    await serveSchedules({
      store,
      clock,
      signal: stop.signal,
      async run(_, fire) {
        fired.push((fire - start) / minute);
        await clock.reached(clock.now() + tookMs);
        if (fired.length === runs) stop.abort();
      },
      onSkip: (_, fire, why) => skipped.push(`${String((fire - start) / minute)} ${why}`),
    });
    return { fired, skipped };
  }

  it("fires on time, and keeps the next fire on disk", async () => {
    await store.write(every());
    expect(await serve(clockAt(start), 3)).to.deep.equal({ fired: [5, 10, 15], skipped: [] });
    const [kept] = await store.list(fail);
    expect(kept?.nextFire).to.equal("2026-11-22T12:20:00.000Z");
  });

  it("leaves a fire out while the run before goes on", async () => {
    await store.write(every());
    const { fired, skipped } = await serve(clockAt(start), 2, 7 * minute);
    expect(fired).to.deep.equal([5, 15]);
    expect(skipped[0]).to.equal("10 the run before goes on");
  });

  it("queues it where it is asked to", async () => {
    await store.write(every({ overlap: "queue" }));
    const { fired, skipped } = await serve(clockAt(start), 3, 7 * minute);
    expect(fired).to.deep.equal([5, 10, 15]);
    expect(skipped).to.deep.equal([`20 ${ends}`, `25 ${ends}`]);
  });

  for (const [missed, wanted] of [
    ["one", [15, 20]],
    ["all", [5, 10, 15, 20]],
    ["none", [20]],
  ] as const)
    it(`runs ${missed} of the fires that no service saw`, async () => {
      await store.write(every({ missed, overlap: "queue" }));
      const { fired } = await serve(clockAt(start + 17 * minute), wanted.length);
      expect(fired).to.deep.equal(wanted);
    });

  it("runs all missed fires where a fire on time would be left out, too, and tells those it leaves out once", async () => {
    await store.write(every({ missed: "all" }));
    expect((await serve(clockAt(start + 17 * minute), 3)).fired).to.deep.equal([5, 10, 15]);
    await store.write(every({ missed: "one" }));
    const { fired, skipped } = await serve(clockAt(start + 61 * minute + 1), 1);
    expect(fired).to.deep.equal([60]);
    expect(skipped).to.deep.equal(["55 missed, as 10 before it"]);
  });

  it("leaves the queued fires to the next service where it is stopped", async () => {
    await store.write(every({ missed: "all" }));
    const { fired, skipped } = await serve(clockAt(start + 17 * minute), 1);
    expect([fired, skipped]).to.deep.equal([[5], [`10 ${ends}`, `15 ${ends}`]]);
    expect((await serve(clockAt(start + 17 * minute), 2)).fired).to.deep.equal([10, 15]);
    const [kept] = await store.list(fail);
    expect(kept?.nextFire).to.equal("2026-11-22T12:20:00.000Z");
  });

  it("does not fire again where the clock goes back", async () => {
    await store.write(every());
    await serve(clockAt(start), 2);
    const { fired } = await serve(clockAt(start + minute), 1);
    expect(fired).to.deep.equal([15]);
  });

  it("names a schedule that cannot be read, once, and serves the others", async () => {
    await store.write(every());
    await writeFile(join(folder, "schedules", "b.json"), "{");
    await writeFile(join(folder, "schedules", "c.json"), JSON.stringify({ ...every(), id: "c", expression: "never" }));
    const stop = new AbortController();
    const broken: unknown[] = [];
    let runs = 0;
    await serveSchedules({
      store,
      clock: clockAt(start),
      signal: stop.signal,
      onBroken: (error) => broken.push(error),
      async run() {
        runs += 1;
        if (runs === 2) stop.abort();
      },
    });
    expect(broken).to.have.length(2);
    expect(broken[0]).to.have.property("code", "SCHEDULE_BROKEN");
  });

  it("notices a schedule that is removed meanwhile", async () => {
    await store.write(every());
    await store.write(every({ id: "b", nextFire: new Date(start + 12 * minute).toISOString() }));
    const clock = clockAt(start);
    const stop = new AbortController();
    const fired: string[] = [];
    await serveSchedules({
      store,
      clock,
      signal: stop.signal,
      async run({ id }) {
        fired.push(id);
        if (id === "a") await store.remove("a");
        else stop.abort();
      },
    });
    expect(fired).to.deep.equal(["a", "b"]);
  });

  it("awaits what runs when it is stopped, and starts nothing new", async () => {
    await store.write(every({ overlap: "queue" }));
    const stop = new AbortController();
    const clock = clockAt(start);
    let ended = 0;
    await serveSchedules({
      store,
      clock,
      signal: stop.signal,
      async run() {
        stop.abort();
        await new Promise<void>((resolve) => setImmediate(resolve));
        ended += 1;
      },
    });
    expect(ended).to.equal(1);
  });
});
