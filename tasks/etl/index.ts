import { emptyTask, task } from "hardhat/config";
import { ArgumentType } from "hardhat/types/arguments";
import type { TaskDefinition } from "hardhat/types/tasks";

import { describe } from "../describe.ts";

const optional = { type: ArgumentType.STRING_WITHOUT_DEFAULT, defaultValue: undefined } as const;
const pipeline = { name: "pipeline", description: "headlines or transfers" } as const;
const json = { name: "json", description: "One JSON document" } as const;

const run = task(["etl", "run"])
  .setDescription(
    describe("etl run", "Runs a pipeline, here or on AWS once it is deployed there, and keeps a journal of the run", [
      "headlines",
      `headlines --input '{"source":"cnn"}'`,
      `transfers --input '{"network":"localhost","contract":"MetaCoin","format":"parquet"}' --local`,
      "headlines --redrive 20261122T220707Z-headlines-e29f",
    ]),
  )
  .addPositionalArgument(pipeline)
  .addOption({ name: "input", description: "JSON, or @file", ...optional })
  .addFlag({ name: "local", description: "On this machine, even where it is deployed on AWS" })
  .addOption({ name: "resume", description: "A run that was interrupted: go on where it stopped", ...optional })
  .addOption({ name: "redrive", description: "A run that failed: go on at the state that failed", ...optional })
  .addFlag(json)
  .setAction(() => import("./run.ts"))
  .build();

const invoke = task(["etl", "invoke"])
  .setDescription(
    describe("etl invoke", "Calls one handler, or one state alone as AWS's TestState does, with a test event", [
      "headlines transform",
      "headlines transform --event @event.json",
      `headlines --state "Set Source" --event '{"source":"cnn"}' --inspect`,
    ]),
  )
  .addPositionalArgument(pipeline)
  .addPositionalArgument({ name: "handler", description: "One of its handlers", ...optional })
  .addOption({ name: "state", description: "A state of its machine, in place of a handler", ...optional })
  .addOption({ name: "event", description: "JSON, or @file; the pipeline's sample by default", ...optional })
  .addFlag({ name: "inspect", description: "With --state: what each step of the state made of the data" })
  .addFlag(json)
  .setAction(() => import("./invoke.ts"))
  .build();

const history = task(["etl", "history"])
  .setDescription(
    describe("etl history", "Lists the runs, or tells one state by state: times, data, retries, errors, logs", [
      "",
      "20261122T220707Z-headlines-e29f",
    ]),
  )
  .addPositionalArgument({ name: "run", description: "One run", ...optional })
  .addFlag(json)
  .setAction(() => import("./history.ts"))
  .build();

const schedule = task(["etl", "schedule"])
  .setDescription(
    describe("etl schedule", "Runs pipelines on time, in EventBridge's words (UTC), until Ctrl-C", [
      'headlines "rate(5 minutes)"',
      'transfers "cron(0 6 ? * MON-FRI *)" --overlap queue --missed all --record',
      "",
    ]),
  )
  .addPositionalArgument({
    ...pipeline,
    ...optional,
    description: "A pipeline to add; without one: serve what is there",
  })
  .addPositionalArgument({ name: "expression", description: '"rate(5 minutes)" or "cron(0 12 * * ? *)"', ...optional })
  .addOption({ name: "input", description: "JSON, or @file", ...optional })
  .addOption({ name: "overlap", description: "While the last run goes on: skip or queue", defaultValue: "skip" })
  .addOption({ name: "missed", description: "Fires that no service saw: one, all or none", defaultValue: "one" })
  .addFlag({ name: "record", description: "Only write the schedule down" })
  .addFlag(json)
  .setAction(() => import("./schedule.ts"))
  .build();

const scheduleList = task(["etl", "schedule", "list"])
  .setDescription(describe("etl schedule list", "Lists the schedules and when they fire next", [""]))
  .addFlag(json)
  .setAction(() => import("./schedule-list.ts"))
  .build();

const scheduleRemove = task(["etl", "schedule", "remove"])
  .setDescription(
    describe("etl schedule remove", "Removes a schedule; a running service notices", ["headlines-1f2e3d"]),
  )
  .addPositionalArgument({ name: "id", description: "As `etl schedule list` shows it" })
  .addFlag(json)
  .setAction(() => import("./schedule-remove.ts"))
  .build();

const pack = task(["etl", "package"])
  .setDescription(
    describe("etl package", "Bundles the handlers as zips for Lambda, with the same sha256 on every machine", [
      "headlines",
      "transfers --out dist",
    ]),
  )
  .addPositionalArgument(pipeline)
  .addOption({ name: "out", description: "The folder; .etl/packages by default", ...optional })
  .addFlag(json)
  .setAction(() => import("./package.ts"))
  .build();

const graph = task(["etl", "graph"])
  .setDescription(
    describe("etl graph", "Draws the machine as one HTML file; with a run, coloured and with its data, live", [
      "headlines",
      "headlines --run 20261122T220707Z-headlines-e29f --open",
      "transfers --mermaid",
    ]),
  )
  .addPositionalArgument(pipeline)
  .addOption({ name: "run", description: "A run to show in it", ...optional })
  .addFlag({ name: "open", description: "In the browser" })
  .addFlag({ name: "mermaid", description: "As text for Markdown" })
  .addFlag(json)
  .setAction(() => import("./graph.ts"))
  .build();

const deploy = task(["etl", "deploy"])
  .setDescription(
    describe("etl deploy", "Applies a pipeline to AWS: Lambda, Step Functions, logs, schedule and a role for each", [
      "headlines --dry-run",
      'headlines --bucket my-artifacts --schedule "rate(1 hour)"',
    ]),
  )
  .addPositionalArgument(pipeline)
  .addOption({ name: "bucket", description: "An S3 bucket of yours that keeps the code", ...optional })
  .addOption({ name: "schedule", description: '"rate(1 hour)" or "cron(…)"; without it none is active', ...optional })
  .addOption({ name: "input", description: "JSON, or @file: the input of scheduled executions", ...optional })
  .addFlag({ name: "dryRun", description: "Print the template and the permissions, touch nothing" })
  .addFlag(json)
  .setAction(() => import("./deploy.ts"))
  .build();

/** `npx hardhat etl …` */
export const etlTasks: TaskDefinition[] = [
  emptyTask("etl", "Pipelines of handlers, chained by a state machine, here or on AWS").build(),
  run,
  invoke,
  history,
  schedule,
  scheduleList,
  scheduleRemove,
  pack,
  graph,
  deploy,
];
