import { isObject } from "./json.ts";
import type { QueryLanguage } from "./scope.ts";
import { stateTypes, type CompileState, type State, type StateGraph, type StateType } from "./state.ts";
import { compileChoice } from "./states/choice.ts";
import { compileFail } from "./states/fail.ts";
import { compileMap } from "./states/map.ts";
import { compileParallel } from "./states/parallel.ts";
import { compilePass } from "./states/pass.ts";
import { compileSucceed } from "./states/succeed.ts";
import { compileTask } from "./states/task.ts";
import { compileWait } from "./states/wait.ts";
import type { JsonObject } from "./types.ts";

const compilers: Record<StateType, CompileState> = {
  Task: compileTask,
  Wait: compileWait,
  Pass: compilePass,
  Succeed: compileSucceed,
  Fail: compileFail,
  Choice: compileChoice,
  Parallel: compileParallel,
  Map: compileMap,
};

/** Makes the states of a machine, a branch or an item processor ready to run. */
export function compileGraph(definition: JsonObject, inherited: QueryLanguage): StateGraph {
  const { StartAt: startAt, States: states } = definition;
  const language = languageOf(definition, inherited);
  return {
    startAt: typeof startAt === "string" ? startAt : "",
    states: new Map(
      Object.entries(isObject(states) ? states : {}).flatMap(([name, state]) =>
        isObject(state) ? [[name, compileState(state, { name, language })]] : [],
      ),
    ),
  };
}

/** One state; `language` is what it has if it does not choose its own. */
export function compileState(
  definition: JsonObject,
  { name, language: inherited }: { readonly name: string; readonly language: QueryLanguage },
): State {
  const type = stateTypes.find((known) => known === definition["Type"]) ?? "Pass";
  const language = languageOf(definition, inherited);
  // Branches and item processors take the machine's language, not that of the state they are in.
  const run = compilers[type](definition, { name, language, compileGraph: (graph) => compileGraph(graph, inherited) });
  return { name, type, run };
}

/** The query language a definition chooses, or the one it is given. */
export function languageOf(definition: JsonObject, inherited: QueryLanguage): QueryLanguage {
  const { QueryLanguage: chosen } = definition;
  return chosen === "JSONata" || chosen === "JSONPath" ? chosen : inherited;
}
