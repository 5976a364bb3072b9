import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";

import { expect } from "chai";

import { startRemoteRun } from "../../../../src/etl/aws/execute.ts";
import { findPipeline, readDefinition } from "../../../../src/etl/pipelines.ts";
import { journalPath, readJournal } from "../../../../src/etl/run/journal.ts";
import { viewRun } from "../../../../src/etl/run/view.ts";
import { serveStub, type Stub } from "../../../helpers/etl/news.ts";

/** What Step Functions tells, in its own JSON: seconds since 1970. */
const events = [
  { id: 1, previousEventId: 0, type: "ExecutionStarted", timestamp: 1_795_000_000.1 },
  {
    id: 2,
    previousEventId: 1,
    type: "PassStateEntered",
    timestamp: 1_795_000_000.2,
    stateEnteredEventDetails: { name: "Set Source", input: "{}" },
  },
  {
    id: 3,
    previousEventId: 2,
    type: "PassStateExited",
    timestamp: 1_795_000_000.3,
    stateExitedEventDetails: { name: "Set Source", output: '{"source":"cnn"}' },
  },
  {
    id: 4,
    previousEventId: 3,
    type: "ExecutionFailed",
    timestamp: 1_795_000_000.4,
    executionFailedEventDetails: { error: "E", cause: "because" },
  },
];

describe("startRemoteRun", () => {
  let folder: string;
  let aws: Stub;
  let calls: string[];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "remote-"));
    calls = [];
    let told = 1;
    aws = await serveStub((request, response) => {
      void (async () => {
        const target = String(request.headers["x-amz-target"]).replace("AWSStepFunctions.", "");
        const body = JSON.parse(await text(request)) as { nextToken?: string; input?: string };
        calls.push([target, body.nextToken, body.input].filter((word) => word !== undefined).join(" "));
        response.setHeader("content-type", "application/x-amz-json-1.0");
        if (target === "StartExecution") response.end('{"executionArn":"arn:execution","startDate":1795000000}');
        else if (body.nextToken === undefined && told < events.length) {
          // The history so far: it grows from one question to the next, and comes in pages.
          response.end(JSON.stringify({ events: events.slice(0, told), nextToken: "more" }));
        } else {
          told += 1;
          response.end(JSON.stringify({ events: events.slice(0, told).slice(-1) }));
        }
      })();
    });
  });
  afterEach(async () => {
    await aws.close();
    await rm(folder, { recursive: true, force: true });
  });

  it("starts an execution and journals every event once, as a run of this machine would", async () => {
    const pipeline = findPipeline("headlines");
    const result = await startRemoteRun({
      pipeline,
      machineArn: "arn:machine",
      definition: await readDefinition(pipeline),
      input: { source: "cnn" },
      connection: {
        endpoint: aws.url,
        region: "us-east-1",
        credentials: { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "none" },
      },
      runner: { folder, variables: { NEWSAPI_KEY: "because" }, signal: new AbortController().signal },
      sleep: async () => undefined,
      now: () => Date.parse("2026-11-22T12:00:00Z"),
      name: "run-1",
    });
    expect(result).to.deep.equal({
      status: "FAILED",
      error: "E",
      cause: "***",
      run: "run-1",
      pipeline: "headlines",
    });
    expect(await readFile(journalPath(folder, "run-1"), "utf8")).not.to.contain("because");
    expect(calls[0]).to.equal('StartExecution {"source":"cnn"}');
    const records = await readJournal(journalPath(folder, "run-1"));
    const ids = records.flatMap((record) => (record.type === "event" ? [record.event.id] : []));
    expect(ids).to.deep.equal([1, 2, 3, 4]);
    const view = viewRun(records);
    expect(view?.status).to.equal("FAILED");
    expect(view?.visits[0]).to.include({ state: "Set Source", status: "succeeded", output: '{"source":"cnn"}' });
    expect(view?.visits[0]?.startedAt).to.equal("2026-11-18T11:06:40.200Z");
  });
});
