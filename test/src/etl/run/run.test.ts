import { spawn } from "node:child_process";
import { appendFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath, pathToFileURL } from "node:url";

import { expect } from "chai";

import type { Json } from "../../../../src/etl/asl/types.ts";
import { BusyError } from "../../../../src/etl/lock.ts";
import { findPipeline, type Pipeline } from "../../../../src/etl/pipelines.ts";
import {
  JournalBrokenError,
  journalPath,
  listRuns,
  openJournal,
  readJournal,
  RunMissingError,
} from "../../../../src/etl/run/journal.ts";
import { renderRun, renderRuns } from "../../../../src/etl/run/render.ts";
import { continueRun, NotResumableError, startRun } from "../../../../src/etl/run/run.ts";
import { viewRun } from "../../../../src/etl/run/view.ts";
import { rejection } from "../../../helpers/rejection.ts";

const source = new URL("../../../fixtures/etl/odd-handlers.ts", import.meta.url);

describe("startRun and continueRun", function () {
  this.timeout(60_000);
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "run-"));
  });
  afterEach(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  const soak = process.env["SOAK"] === "1";

  const work = { StartAt: "Work", States: { Work: { Type: "Task", Resource: "${odd}", End: true } } };

  /** A machine of one task, which does what the input says. */
  const oneTask = async (task: object): Promise<Pipeline> => oneState("Work", { ...work.States.Work, ...task });

  async function oneState(name: string, state: object): Promise<Pipeline> {
    const path = join(folder, "machine.asl.json");
    await writeFile(path, JSON.stringify({ StartAt: name, States: { [name]: state } }));
    const environment = [{ name: "HIDDEN", secret: true as const }];
    return {
      name: "odd",
      description: "",
      definition: pathToFileURL(path),
      handlers: { odd: { source, environment, timeoutSeconds: 5, memoryMb: 128 } },
    };
  }

  const run = async (pipeline: Pipeline, input: Json, variables: Record<string, string> = {}) =>
    startRun(pipeline, input, { folder, variables, signal: new AbortController().signal });

  it("ends a busy loop at the state's timeout, as States.Timeout", async () => {
    const result = await run(await oneTask({ TimeoutSeconds: 2 }), { do: "loop" });
    expect(result).to.include({ status: "FAILED", error: "States.Timeout" });
  });

  it("fails as AWS does where a result is above 262,144 bytes", async () => {
    const result = await run(await oneTask({}), { do: "large" });
    expect(result).to.include({ status: "FAILED", error: "States.DataLimitExceeded" });
  });

  it("keeps what the handler wrote in the journal, with every secret masked", async () => {
    const pipeline = await oneTask({});
    const { run: name } = await run(pipeline, { do: "environment" }, { HIDDEN: "do-not-tell" });
    const kept = await readFile(journalPath(folder, name), "utf8");
    expect(kept).to.contain("***").and.not.to.contain("do-not-tell");
    const logged = await run(pipeline, { do: "log" });
    const view = viewRun(await readJournal(journalPath(folder, logged.run)));
    expect(view?.visits[0]?.logs).to.have.members(["stdout: one", "stdout: no line end", "stderr: two"]);
  });

  for (const Mode of ["INLINE", "DISTRIBUTED"])
    it(`keeps what a handler wrote with the iteration that it wrote it in, ${Mode}`, async () => {
      const config = Mode === "INLINE" ? { Mode } : { Mode, ExecutionType: "STANDARD" };
      const each = { Type: "Map", ItemProcessor: { ProcessorConfig: config, ...work }, End: true };
      const items = ["a", "b", "c", "d"].map((text) => ({ do: "say", text }));
      const { run: name } = await run(await oneState("Each", each), items);
      const view = viewRun(await readJournal(journalPath(folder, name)));
      const said = view?.visits.filter(({ state }) => state === "Work").map(({ input, logs }) => ({ input, logs }));
      expect(said).to.have.deep.members(
        items.map((item) => ({ input: JSON.stringify(item), logs: [`stdout: ${item.text}`] })),
      );
    });

  it("counts retries and tells them", async () => {
    const retry = { Retry: [{ ErrorEquals: ["RangeError"], IntervalSeconds: 1, MaxAttempts: 2, BackoffRate: 1 }] };
    const { run: name } = await run(await oneTask(retry), { do: "throw" });
    const view = viewRun(await readJournal(journalPath(folder, name)));
    expect(view?.visits[0]).to.include({ retries: 2, status: "failed", error: "RangeError" });
    if (view === undefined) return;
    expect(renderRun(view)).to.contain("Work (Task)  failed").and.to.contain("2 retries").and.to.contain("too far");
    expect(renderRuns([view])).to.match(/^RUN .*\n\S+-odd-\w{4} {2}FAILED/u);
  });

  it("refuses to go on with a run that succeeded, or that is not there", async () => {
    const { run: name } = await run(await oneTask({}), { do: "nothing" });
    const runner = { folder, variables: {}, signal: new AbortController().signal };
    expect(await rejection(continueRun(name, runner))).to.be.instanceOf(NotResumableError);
    expect(await rejection(continueRun("20200101T000000Z-odd-0000", runner))).to.be.instanceOf(RunMissingError);
    expect(await rejection(continueRun("../../etc/passwd", runner))).to.be.instanceOf(RunMissingError);
  });

  it("refuses to go on with a failed run that another process took up", async () => {
    const { run: name } = await run(await oneTask({}), { do: "throw" });
    const runner = { folder, variables: {}, signal: new AbortController().signal };
    const at = new Date().toISOString();
    const holder = spawn("sleep", ["600"], { stdio: "ignore" });
    try {
      const resumed = JSON.stringify({ type: "resumed", at, state: "S", pid: holder.pid });
      await appendFile(journalPath(folder, name), `${resumed}\n`);
      expect(await rejection(continueRun(name, runner))).to.be.instanceOf(NotResumableError);
    } finally {
      holder.kill();
    }
  });

  it("lets one of two redrives at the same time go on", async () => {
    const runner = { folder, variables: {}, signal: new AbortController().signal };
    const { run: name } = await startRun(findPipeline("headlines"), { source: "cnn" }, runner);
    const both = await Promise.allSettled([continueRun(name, runner), continueRun(name, runner)]);
    expect(both.map(({ status }) => status).sort()).to.deep.equal(["fulfilled", "rejected"]);
    const resumed = (await readJournal(journalPath(folder, name))).filter(({ type }) => type === "resumed");
    expect(resumed).to.have.length(1);
  });

  it("goes on after a crash that cut the journal's last line off", async () => {
    const variables = { LOAD_URL: "no address" };
    const runner = { folder, variables, signal: new AbortController().signal };
    const answer = await readFile(new URL("../../../../src/etl/headlines/sample.json", import.meta.url), "utf8");
    const { run: name } = await startRun(findPipeline("headlines"), { source: "cnn" }, runner);
    const path = journalPath(folder, name);
    const lines = (await readFile(path, "utf8")).split("\n");
    // As if the process had died in Transform, while it wrote.
    const entered = JSON.stringify({
      type: "event",
      event: {
        id: 9,
        previousEventId: 8,
        timestamp: "2026-11-22T00:00:00.000Z",
        type: "TaskStateEntered",
        stateEnteredEventDetails: { name: "Transform", input: JSON.stringify({ text: answer }) },
      },
    });
    await writeFile(path, `${lines[0]}\n${entered}\n`);
    await appendFile(path, '{"type":"event","event":{"id":10,"prev');
    const dead = JSON.parse(lines[0] ?? "");
    await writeFile(path, (await readFile(path, "utf8")).replace(`"pid":${String(dead.pid)}`, '"pid":999999999'));
    const result = await continueRun(name, runner);
    expect(result).to.include({ status: "FAILED", error: "DropRefusedError" });
    const visits = viewRun(await readJournal(path))?.visits.map(({ state, status }) => `${state} ${status}`);
    expect(visits).to.deep.equal([
      "Transform stopped",
      "Transform succeeded",
      "Load caught",
      "Dead Letter succeeded",
      "Not Loaded failed",
    ]);
  });

  it("goes on after a crash at any byte of the journal", async () => {
    const pipeline = await oneTask({ Catch: [{ ErrorEquals: ["States.ALL"], Next: "Work" }] });
    const { run: name } = await run(pipeline, { do: "throw" });
    const path = journalPath(folder, name);
    const whole = await readFile(path);
    for (let length = 0; length <= whole.length; length += soak ? 1 : 29) {
      await writeFile(path, whole.subarray(0, length));
      const kept = await readJournal(path);
      const journal = await openJournal(path, (text) => text);
      journal.append({ type: "resumed", at: "", state: "Work", pid: 1 });
      await journal.close();
      const [last, ...before] = (await readJournal(path)).reverse();
      expect(before.reverse(), String(length)).to.deep.equal(kept);
      expect(last).to.have.property("type", "resumed");
    }
  });

  it("names the line of a journal that no crash explains", async () => {
    const { run: name } = await run(await oneTask({}), { do: "nothing" });
    const path = journalPath(folder, name);
    await writeFile(path, (await readFile(path, "utf8")).replace('"event"', '"even'));
    const error = await rejection(readJournal(path));
    expect(error).to.be.instanceOf(JournalBrokenError);
    expect(error.message).to.match(/^Line 2 of /u);
  });

  it("stops where the disk is full, and says so", async () => {
    const program = fileURLToPath(new URL("../../../fixtures/etl/odd-run.ts", import.meta.url));
    const child = spawn("sh", ["-c", 'ulimit -f 256; exec "$0" "$@"', process.execPath, program, folder], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    expect(await text(child.stdout)).to.equal("JOURNAL_FAILED");
    const [name = ""] = await listRuns(folder);
    const records = await readJournal(journalPath(folder, name));
    expect(records.length).to.be.greaterThan(1);
    expect(records.filter(({ type }) => type === "ended")).to.have.length(0);
  });

  it("writes what happens while it happens", async () => {
    const stop = new AbortController();
    const runner = { folder, variables: {}, signal: stop.signal };
    const going = startRun(await oneTask({}), { do: "log-and-loop" }, runner);
    let seen = "";
    while (!seen.includes("before the loop")) {
      await sleep(50);
      const [name] = await listRuns(folder);
      if (name !== undefined) seen = await readFile(journalPath(folder, name), "utf8");
    }
    expect(seen).not.to.contain('"ended"');
    stop.abort();
    expect(await going).to.include({ status: "ABORTED" });
  });

  it("keeps two runs apart that would work on the same thing", async () => {
    const pipeline = { ...(await oneTask({ TimeoutSeconds: 2 })), exclusive: "address" };
    const first = run(pipeline, { do: "loop", address: "0xA" });
    // The journal is made behind the lock.
    while ((await listRuns(folder)).length === 0) await sleep(10);
    expect(await rejection(run(pipeline, { do: "nothing", address: "0xa" }))).to.be.instanceOf(BusyError);
    expect(await run(pipeline, { do: "nothing", address: "0xb" })).to.include({ status: "SUCCEEDED" });
    await first;
    expect(await run(pipeline, { do: "nothing", address: "0xa" })).to.include({ status: "SUCCEEDED" });
  });

  it("shows no secret in what it answers", async () => {
    const result = await run(await oneTask({}), { do: "environment" }, { HIDDEN: "do-not-tell" });
    expect(JSON.stringify(result)).to.contain("***").and.not.to.contain("do-not-tell");
  });
});
