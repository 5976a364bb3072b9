import { runSideBySide } from "../branches.ts";
import { Execution, arnStartOf, type Visit } from "../execution.ts";
import { StatesError } from "../failure.ts";
import { History } from "../history.ts";
import { uuidFrom } from "../random.ts";
import { runExecution } from "../run-execution.ts";
import type { ChildResult, ExecutionResult, Json } from "../types.ts";
import { mapContext, type Iterations } from "./iterations.ts";
import { isExceeded, thresholdExceeded, type Tolerance } from "./tolerance.ts";

/** So many child executions run at once where MaxConcurrency does not say; AWS allows 10,000. */
const distributedConcurrency = 1_000;

/** What a Distributed Map has beside its iterations. */
export type MapRun = Omit<Iterations, "items"> & {
  readonly label: string;
  readonly tolerance: Tolerance;
  readonly read: () => Promise<readonly Json[]>;
  /** Groups what `select` made of the items. */
  readonly batch: ((inputs: readonly Json[]) => Promise<readonly Json[]>) | undefined;
  readonly write: (mapRunArn: string, results: readonly ChildResult[]) => Promise<Json>;
};

/** Runs a Distributed Map: every item, or batch of items, is an execution of its own with its own history. */
export async function runDistributed(visit: Visit, run: MapRun): Promise<Json> {
  const { branch } = visit;
  const { history, options } = branch.execution;
  const machine = options.machineName ?? "machine";
  const mapRunArn = `${arnStartOf(options)}:mapRun:${machine}/${run.label}:${uuidFrom(options.random)}`;
  history.add(branch, "MapStateStarted", () => ({ mapStateStartedEventDetails: { length: 0 } }));
  history.add(branch, "MapRunStarted", () => ({ mapRunStartedEventDetails: { mapRunArn } }));
  try {
    const results = await runChildren(visit, run, await childInputs(run));
    const output = await run.write(mapRunArn, results);
    // The state itself goes on from MapRunStarted.
    const aside = { lastEventId: branch.lastEventId };
    history.add(aside, "MapRunSucceeded");
    history.add(aside, "MapStateSucceeded");
    return output;
  } catch (error) {
    if (!(error instanceof StatesError)) throw error;
    const { error: name = "", failureCause: cause = "" } = error;
    history.add(branch, "MapRunFailed", () => ({ mapRunFailedEventDetails: { error: name, cause } }));
    throw error;
  }
}

async function childInputs({ read, select, batch }: MapRun): Promise<readonly Json[]> {
  const items = await read();
  const inputs: Json[] = [];
  for (const [index, item] of items.entries()) inputs.push(await select(item, mapContext(item, index)));
  return batch === undefined ? inputs : batch(inputs);
}

async function runChildren(visit: Visit, run: MapRun, inputs: readonly Json[]): Promise<ChildResult[]> {
  const { branch } = visit;
  const { clock, random, onChildEvent } = branch.execution.options;
  const { resumeFrom: _, ...options } = branch.execution.options;
  const results: (ChildResult | undefined)[] = [];
  let failed = 0;
  await runSideBySide(branch.cancellation, {
    count: inputs.length,
    limit: run.maxConcurrency === 0 ? distributedConcurrency : run.maxConcurrency,
    async run(index, cancellation) {
      const input = inputs[index] ?? null;
      const name = uuidFrom(random);
      const history = new History({ clock, listener: onChildEvent && ((event) => onChildEvent(name, event)) });
      const child = new Execution({ options, history, name, input, label: run.label });
      const result = await runExecution(child, { graph: run.graph, input, cancellation });
      results[index] = childResult(result, { name, input });
      if (result.status !== "SUCCEEDED") failed += 1;
      if (isExceeded(run.tolerance, { failed, total: inputs.length })) throw thresholdExceeded();
    },
  });
  return results.filter((result) => result !== undefined);
}

function childResult(
  result: ExecutionResult,
  { name, input }: { readonly name: string; readonly input: Json },
): ChildResult {
  if (result.status === "SUCCEEDED") return { name, input, status: "SUCCEEDED", output: result.output };
  return { name, input, status: "FAILED", error: result.error ?? "", cause: result.cause ?? "" };
}
