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

/** `npx hardhat etl …` */
export const etlTasks: TaskDefinition[] = [
  emptyTask("etl", "Pipelines of handlers, chained by a state machine, here or on AWS").build(),
  run,
  invoke,
  history,
];
