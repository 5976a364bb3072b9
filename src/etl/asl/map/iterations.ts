import { forkBranch, runSideBySide } from "../branches.ts";
import type { Visit } from "../execution.ts";
import { StatesError } from "../failure.ts";
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
  const { branch, state: name } = visit;
  const { history } = branch.execution;
  history.add(branch, "MapStateStarted", () => ({ mapStateStartedEventDetails: { length: items.length } }));
  const outputs: Json[] = items.map(() => null);
  try {
    await runSideBySide(branch.cancellation, {
      count: items.length,
      limit: maxConcurrency === 0 ? inlineConcurrency : maxConcurrency,
      async run(index, cancellation) {
        const item = items[index] ?? null;
        const map = mapContext(item, index);
        const iteration = forkBranch(visit, cancellation, map);
        const tell = (phase: string) =>
          history.add(iteration, `MapIteration${phase}`, () => ({
            [`mapIteration${phase}EventDetails` as const]: { name, index },
          }));
        tell("Started");
        try {
          outputs[index] = await runGraph(graph, iteration, { input: await select(item, map) });
          tell("Succeeded");
        } catch (error) {
          tell(error instanceof StatesError ? "Failed" : "Aborted");
          throw error;
        }
      },
    });
  } catch (error) {
    if (error instanceof StatesError) history.add(branch, "MapStateFailed");
    throw error;
  }
  history.add(branch, "MapStateSucceeded");
  return outputs;
}
