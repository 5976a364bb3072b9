import { appendFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

import { expect } from "chai";

import type { Json } from "../../../../src/etl/asl/types.ts";
import { findPipeline, type Pipeline } from "../../../../src/etl/pipelines.ts";
import { journalPath, readJournal, RunMissingError } from "../../../../src/etl/run/journal.ts";
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

  /** A machine of one task, which does what the input says. */
  async function oneTask(task: object): Promise<Pipeline> {
    const path = join(folder, "machine.asl.json");
    const state = { Type: "Task", Resource: "${odd}", End: true, ...task };
    await writeFile(path, JSON.stringify({ StartAt: "Work", States: { Work: state } }));
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
    const text = await readFile(journalPath(folder, name), "utf8");
    expect(text).to.contain("***").and.not.to.contain("do-not-tell");
    const logged = await run(pipeline, { do: "log" });
    const view = viewRun(await readJournal(journalPath(folder, logged.run)));
    expect(view?.visits[0]?.logs).to.have.members(["stdout: one", "stdout: no line end", "stderr: two"]);
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
});
