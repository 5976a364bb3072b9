import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";

import { continueRemoteRun, type RemoteRun, startRemoteRun } from "../../../../src/etl/aws/execute.ts";
import { findPipeline, readDefinition } from "../../../../src/etl/pipelines.ts";
import { journalPath, readJournal } from "../../../../src/etl/run/journal.ts";
import { NotResumableError } from "../../../../src/etl/run/run.ts";
import { viewRun } from "../../../../src/etl/run/view.ts";
import { events, redriven, serveStepFunctions, type StepFunctions } from "../../../helpers/etl/step-functions.ts";
import { rejection } from "../../../helpers/rejection.ts";

describe("startRemoteRun and continueRemoteRun", () => {
  const pipeline = findPipeline("headlines");
  let folder: string;
  let aws: StepFunctions;
  let leave: AbortController;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "remote-"));
    aws = await serveStepFunctions();
    leave = new AbortController();
  });
  afterEach(async () => {
    await aws.close();
    await rm(folder, { recursive: true, force: true });
  });

  /** @param leaveAfter stops following at the event of this id. */
  const options = async (leaveAfter?: number): Promise<RemoteRun> => ({
    pipeline,
    machineArn: "arn:aws:states:us-east-1:1:stateMachine:m",
    definition: await readDefinition(pipeline),
    input: { source: "cnn" },
    connection: {
      endpoint: aws.url,
      region: "us-east-1",
      credentials: { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "none" },
    },
    runner: {
      folder,
      variables: { NEWSAPI_KEY: "because" },
      signal: leave.signal,
      onEvent: ({ id }) => id === leaveAfter && leave.abort(),
    },
    sleep: async () => undefined,
    now: () => Date.parse("2026-11-22T12:00:00Z"),
    name: "run-1",
  });

  const journaled = async () => {
    const records = await readJournal(journalPath(folder, "run-1"));
    return {
      ids: records.flatMap((record) => (record.type === "event" ? [record.event.id] : [])),
      view: viewRun(records),
    };
  };
  const asked = (call: string) => aws.calls.filter((made) => made === call).length;

  it("starts an execution and journals every event once, as a run of this machine would", async () => {
    expect(await startRemoteRun(await options())).to.deep.equal({
      status: "FAILED",
      error: "E",
      cause: "***",
      run: "run-1",
      pipeline: "headlines",
    });
    expect(await readFile(journalPath(folder, "run-1"), "utf8")).not.to.contain("because");
    expect(aws.calls[0]).to.equal('StartExecution {"source":"cnn"}');
    const { ids, view } = await journaled();
    expect(ids).to.deep.equal([1, 2, 3, 4]);
    expect(view?.status).to.equal("FAILED");
    expect(view?.visits[0]).to.include({ state: "Set Source", status: "succeeded", output: '{"source":"cnn"}' });
    expect(view?.visits[0]?.startedAt).to.equal("2026-11-18T11:06:40.200Z");
  });

  it("asks again for the last page of the history alone", async () => {
    const between = [4, 5].map((id) => ({ ...events[2], id }));
    [aws.history, aws.told] = [[...events.slice(0, 3), ...between, { ...events[3], id: 6 }], 4];
    await startRemoteRun(await options());
    expect((await journaled()).ids).to.deep.equal([1, 2, 3, 4, 5, 6]);
    expect(["GetExecutionHistory", "GetExecutionHistory 2", "GetExecutionHistory 4"].map(asked)).to.deep.equal([
      1, 1, 2,
    ]);
  });

  it("begins again with the first page where the token of the last one is too old", async () => {
    [aws.told, aws.expired] = [3, "2"];
    expect(await startRemoteRun(await options())).to.have.property("status", "FAILED");
    expect((await journaled()).ids).to.deep.equal([1, 2, 3, 4]);
    expect(asked("GetExecutionHistory")).to.equal(2);
  });

  it("goes on following where AWS throttles it", async function () {
    this.timeout(60_000);
    aws.throttled = 3;
    expect(await startRemoteRun(await options())).to.have.property("status", "FAILED");
    expect((await journaled()).ids).to.deep.equal([1, 2, 3, 4]);
  });

  it("leaves an execution to itself when it is interrupted, and follows it again", async () => {
    const left = await rejection(startRemoteRun(await options(2)));
    expect(left).to.have.property("code", "INTERRUPTED");
    expect(left).to.have.property("hint").that.contains("etl run headlines --resume run-1");
    expect((await journaled()).view?.redrives).to.equal(0);
    leave = new AbortController();
    const begun = aws.calls.length;
    expect(await continueRemoteRun(await options())).to.have.property("status", "FAILED");
    expect(aws.calls.slice(begun).filter((call) => call.startsWith("StartExecution"))).to.deep.equal([]);
    expect((await journaled()).ids).to.deep.equal([1, 2, 3, 4]);
    expect((await journaled()).view?.visits[0]).to.include({ status: "succeeded" });
  });

  it("ends a run whose last line a crash cut off", async () => {
    await startRemoteRun(await options());
    const path = journalPath(folder, "run-1");
    const text = await readFile(path, "utf8");
    await writeFile(path, text.slice(0, text.lastIndexOf('{"type":"ended"')));
    expect(await continueRemoteRun(await options())).to.have.property("status", "FAILED");
    expect(asked("RedriveExecution")).to.equal(0);
    expect((await journaled()).view?.status).to.equal("FAILED");
  });

  it("starts what was to be started, once", async () => {
    aws.isStarted = true;
    leave.abort();
    await rejection(startRemoteRun(await options()));
    leave = new AbortController();
    expect(await continueRemoteRun(await options())).to.have.property("status", "FAILED");
    expect((await journaled()).ids).to.deep.equal([1, 2, 3, 4]);
  });

  it("redrives a run that failed, in the same journal", async () => {
    await startRemoteRun(await options());
    expect(await continueRemoteRun(await options())).to.deep.include({ status: "SUCCEEDED", output: {} });
    expect(asked("RedriveExecution")).to.equal(1);
    const { ids, view } = await journaled();
    expect(ids).to.deep.equal([1, 2, 3, 4, 5, 6]);
    expect(view).to.include({ status: "SUCCEEDED", redrives: 1 });
    expect(await rejection(continueRemoteRun(await options()))).to.be.instanceOf(NotResumableError);
  });

  it("follows what somebody else redrove", async () => {
    await startRemoteRun(await options());
    aws.history = [...events, ...redriven];
    expect(await continueRemoteRun(await options())).to.have.property("status", "SUCCEEDED");
    expect(asked("RedriveExecution")).to.equal(0);
  });
});
