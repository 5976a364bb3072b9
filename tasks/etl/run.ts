import { readFile } from "node:fs/promises";
import { join } from "node:path";

import * as z from "zod";

import { MetacoinError, UsageError } from "../../src/errors.ts";
import { tellRefusal } from "../../src/etl/aws/apply.ts";
import { continueRemoteRun, type RemoteRun, startRemoteRun } from "../../src/etl/aws/execute.ts";
import { findPipeline, readDefinition } from "../../src/etl/pipelines.ts";
import { journalPath, readJournal, type Started } from "../../src/etl/run/journal.ts";
import { createMeter } from "../../src/etl/run/meter.ts";
import { continueRun, type LocalRunner, nameRun, type RunResult, startRun } from "../../src/etl/run/run.ts";
import { systemClock } from "../../src/rpc/backoff.ts";
import { action } from "../action.ts";

import { etlFolder, prepare, readJsonArgument } from "./world.ts";

type Args = {
  readonly pipeline: string;
  readonly input: string | undefined;
  readonly local: boolean;
  readonly resume: string | undefined;
  readonly redrive: string | undefined;
};

export default action<Args, RunResult>({
  async run({ pipeline: name, input, local, resume, redrive }, { hre, progress, signal }) {
    const pipeline = findPipeline(name);
    const earlier = resume ?? redrive;
    if (resume !== undefined && redrive !== undefined) throw new UsageError("Either --resume or --redrive, not both");
    if (earlier !== undefined && input !== undefined)
      throw new UsageError("A run that goes on has its input already: leave --input out");
    const typed = input === undefined ? {} : await readJsonArgument(input, "--input");
    const begun = earlier === undefined ? undefined : await beginningOf(earlier, name, etlFolder(hre));
    // The network in a run's input says which endpoint its handlers ask.
    const given = earlier === undefined ? typed : (begun?.input ?? {});
    const prepared = await prepare(hre, name, given);
    const meter = createMeter(() => performance.now());
    const runner: LocalRunner = {
      folder: etlFolder(hre),
      variables: prepared.variables,
      signal,
      onStart: (run) => progress.line(`Run ${run}`),
      onEvent({ type, stateEnteredEventDetails: entered }) {
        if (typeof entered?.["name"] === "string") progress.line(`  ${entered["name"]}`);
        else if (/(?:Failed|TimedOut)$/u.test(type)) progress.line(`    ${type}`);
      },
      onProgress: (state, at) => progress.live(`    ${meter.update(state, at)}`),
    };
    const isRemote = begun === undefined ? !local : begun.runner === "aws";
    const machineArn = isRemote ? await deployedMachine(runner.folder, name) : undefined;
    if (machineArn !== undefined) progress.line(`On AWS, as ${machineArn}; --local runs it here`);
    else if (begun?.runner === "aws")
      throw new NotDeployedError(`${begun.run} ran on AWS, where ${name} is not deployed any more`, {
        hint: `npx hardhat etl deploy ${name}`,
      });
    const result =
      machineArn !== undefined
        ? await runOnAws({ pipeline, machineArn, input: prepared.input, runner, earlier })
        : await (earlier === undefined ? startRun(pipeline, prepared.input, runner) : continueRun(earlier, runner));
    if (result.status !== "SUCCEEDED") throw new RunFailedError(result);
    return result;
  },
  render: (result) => (result.status === "SUCCEEDED" ? JSON.stringify(result.output, undefined, 2) : ""),
});

/** How a run began; `undefined` where its journal says nothing. */
async function beginningOf(run: string, pipeline: string, folder: string): Promise<Started | undefined> {
  const started = (await readJournal(journalPath(folder, run))).find((record) => record.type === "started");
  if (started !== undefined && started.pipeline !== pipeline)
    throw new UsageError(`${run} is a run of ${started.pipeline}`, {
      hint: `npx hardhat etl run ${started.pipeline} --resume ${run}`,
    });
  return started;
}

/** Where `etl deploy` put the machine; `undefined` where it did not. */
async function deployedMachine(folder: string, pipeline: string): Promise<string | undefined> {
  const path = join(folder, "deployed", `${pipeline}.json`);
  const text = await readFile(path, "utf8").catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    return deployedSchema.parse(JSON.parse(text)).machineArn;
  } catch (error) {
    throw new NotDeployedError(`${path} names no state machine`, {
      hint: `npx hardhat etl deploy ${pipeline}    writes it anew; --local runs the pipeline here`,
      cause: error,
    });
  }
}

const deployedSchema = z.object({ machineArn: z.string() });

class NotDeployedError extends MetacoinError {
  override readonly code = "NOT_DEPLOYED";
}

type OnAws = Pick<RemoteRun, "pipeline" | "machineArn" | "input"> & {
  readonly runner: LocalRunner;
  readonly earlier: string | undefined;
};

async function runOnAws({ earlier, ...facts }: OnAws): Promise<RunResult> {
  const { pipeline, runner } = facts;
  const run = earlier === undefined ? startRemoteRun : continueRemoteRun;
  const remote = run({
    ...facts,
    definition: await readDefinition(pipeline),
    connection: {},
    name: earlier ?? nameRun(pipeline, Date.now()),
    now: Date.now,
    sleep: async (ms) => systemClock.sleep(ms, runner.signal),
  });
  return tellRefusal(remote);
}

class RunFailedError extends MetacoinError {
  override readonly code = "RUN_FAILED";

  constructor(result: Exclude<RunResult, { readonly status: "SUCCEEDED" }>) {
    const what = [result.error, causeOf(result.cause)].filter((part) => part !== undefined && part !== "");
    const goOn = result.status === "ABORTED" ? "--resume" : "--redrive";
    const where = result.status === "ABORTED" ? "where it stopped" : "at the state that failed";
    super([`The run ${result.run} ${result.status}`, ...what].join(": "), {
      hint: [
        `npx hardhat etl history ${result.run}`,
        `npx hardhat etl run ${result.pipeline} ${goOn} ${result.run}    goes on ${where}`,
      ].join("\n"),
    });
  }
}

/** The message in what Lambda reports, without the stack. */
function causeOf(cause: string | undefined): string | undefined {
  try {
    const parsed: unknown = JSON.parse(cause ?? "");
    if (typeof parsed === "object" && parsed !== null && "errorMessage" in parsed) return String(parsed.errorMessage);
  } catch {
    // Not Lambda's report: as it is.
  }
  return cause;
}
