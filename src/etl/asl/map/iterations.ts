import { cutOthers, forkBranch, runSideBySide } from "../branches.ts";
import type { Cancellation } from "../cancellation.ts";
import type { Branch, Visit } from "../execution.ts";
import { StatesError } from "../failure.ts";
import type { Thread } from "../history.ts";
import { runGraph } from "../run.ts";
import type { StateGraph } from "../state.ts";
import type { Json, JsonObject } from "../types.ts";

/** What a Map state does for each of its items. */
export type Iterations = {
  readonly graph: StateGraph;
  readonly items: readonly Json[];
  /** The input of an item's iteration; `map` is what its Context object holds. */
  readonly select: (item: Json, map: JsonObject) => Promise<Json>;
  /** 0 for AWS's own limit. */
  readonly maxConcurrency: number;
};

/** AWS runs so many iterations of an inline Map at once. */
const inlineConcurrency = 40;

/** `Map` of the Context object for one item. */
export function mapContext(item: Json, index: number): JsonObject {
  return { Item: { Index: index, Value: item } };
}

/** Runs an inline Map: the iterations are part of the execution and of its history. */
export async function runInline(visit: Visit, { graph, items, select, maxConcurrency }: Iterations): Promise<Json[]> {
  const { branch } = visit;
  const { history } = branch.execution;
  history.add(branch, "MapStateStarted", () => ({ mapStateStartedEventDetails: { length: items.length } }));
  const outputs: Json[] = items.map(() => null);
  let { lastEventId } = branch;
  let failed: { readonly index: number; readonly iteration: Branch } | undefined;
  try {
    await runSideBySide(branch.cancellation, {
      count: items.length,
      limit: maxConcurrency === 0 ? inlineConcurrency : maxConcurrency,
      async run(index, cancellation) {
        const item = items[index] ?? null;
        const map = mapContext(item, index);
        const iteration = startIteration(visit, { index, map, cancellation });
        try {
          outputs[index] = await runGraph(graph, iteration, { input: await select(item, map) });
          lastEventId = tell(visit, iteration, { phase: "Succeeded", index });
        } catch (error) {
          if (error instanceof StatesError) failed ??= { index, iteration };
          else if (cancellation.cut?.isSilent !== true) iteration.onCut?.();
          cutOthers(iteration, error);
          throw error;
        }
      },
    });
  } catch (error) {
    if (failed !== undefined && error instanceof StatesError) {
      ({ lastEventId } = failed.iteration);
      if (error.error !== "States.Runtime") tell(visit, { lastEventId }, { phase: "Failed", index: failed.index });
    }
    throw error;
  } finally {
    // The state goes on from the last event of its iterations, or of the one that failed.
    branch.lastEventId = lastEventId;
  }
  history.add({ lastEventId }, "MapStateSucceeded");
  return outputs;
}

function startIteration(
  visit: Visit,
  {
    index,
    map,
    cancellation,
  }: { readonly index: number; readonly map: JsonObject; readonly cancellation: Cancellation },
): Branch {
  let isTold = false;
  const iteration = forkBranch(visit, cancellation, {
    map,
    onCut() {
      if (isTold) return;
      isTold = true;
      iteration.lastEventId = cancellation.cut?.lastEventId ?? iteration.lastEventId;
      tell(visit, { lastEventId: iteration.lastEventId }, { phase: "Aborted", index });
    },
  });
  tell(visit, iteration, { phase: "Started", index });
  return iteration;
}

function tell(
  { branch, state: name }: Visit,
  thread: Thread,
  { phase, index }: { readonly phase: string; readonly index: number },
): number {
  return branch.execution.history.add(thread, `MapIteration${phase}`, () => ({
    [`mapIteration${phase}EventDetails` as const]: { name, index },
  }));
}
