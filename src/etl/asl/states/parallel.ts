import { cutOthers, forkBranch, runSideBySide } from "../branches.ts";
import { compileErrorHandling, runHandled } from "../error-handling.ts";
import type { Branch, Visit } from "../execution.ts";
import { StatesError } from "../failure.ts";
import { objectsField } from "../fields.ts";
import { compileJsonPathFlow } from "../json-path-flow.ts";
import { compileJsonataFlow } from "../jsonata-flow.ts";
import { runGraph } from "../run.ts";
import type { CompileState, StateGraph } from "../state.ts";
import type { Json } from "../types.ts";

/** Parallel: the same input for all branches; the list of their outputs. */
export const compileParallel: CompileState = (definition, { language, compileGraph }) => {
  const handling = compileErrorHandling(definition, language);
  const graphs = objectsField(definition, "Branches").map(compileGraph);
  if (language === "JSONata") {
    const flow = compileJsonataFlow(definition);
    return (visit) =>
      runHandled(visit, handling, async () =>
        flow.leave(visit, await runBranches(visit, graphs, await flow.arguments(visit))),
      );
  }
  const flow = compileJsonPathFlow(definition, ["afterResultSelector", "afterResultPath"]);
  return (visit) =>
    runHandled(visit, handling, async () => {
      const result = await runBranches(visit, graphs, flow.parameters(visit, flow.enter(visit)));
      return flow.leave(visit, { result, assignFrom: result });
    });
};

async function runBranches(visit: Visit, graphs: readonly StateGraph[], input: Json): Promise<Json> {
  if (visit.substitute !== undefined) return visit.substitute();
  const { branch } = visit;
  const { history } = branch.execution;
  history.add(branch, "ParallelStateStarted");
  const outputs: Json[] = graphs.map(() => null);
  let { lastEventId } = branch;
  let failed: Branch | undefined;
  try {
    await runSideBySide(branch.cancellation, {
      count: graphs.length,
      limit: graphs.length,
      async run(index, cancellation) {
        const fork = forkBranch(visit, cancellation);
        const graph = graphs[index];
        if (graph === undefined) return;
        try {
          outputs[index] = await runGraph(graph, fork, { input });
          ({ lastEventId } = fork);
        } catch (error) {
          if (error instanceof StatesError) failed ??= fork;
          cutOthers(fork, error);
          throw error;
        }
      },
    });
  } finally {
    // The state goes on from the last event of its branches, or of the one that failed.
    branch.lastEventId = failed?.lastEventId ?? lastEventId;
  }
  history.add({ lastEventId }, "ParallelStateSucceeded");
  return outputs;
}
