import type { Visit } from "./execution.ts";
import type { QueryLanguage } from "./scope.ts";
import type { Json, JsonObject } from "./types.ts";

export const stateTypes = ["Task", "Wait", "Pass", "Succeed", "Fail", "Choice", "Parallel", "Map"] as const;

export type StateType = (typeof stateTypes)[number];

/** How a state ended well. */
export type Outcome = {
  readonly output: Json;
  /** What its Assign gave, for the variables of the branch. */
  readonly assigned: JsonObject | undefined;
  /** `undefined` ends the branch. */
  readonly next: string | undefined;
};

/** A state made ready to run; it fails by throwing a StatesError. */
export type State = {
  readonly name: string;
  readonly type: StateType;
  readonly run: (visit: Visit) => Promise<Outcome>;
};

/** States that belong together: a machine's, a branch's, or a Map's item processor. */
export type StateGraph = { readonly startAt: string; readonly states: ReadonlyMap<string, State> };

/** What a state's compiler is told beside its definition. */
export type CompileContext = {
  readonly name: string;
  readonly language: QueryLanguage;
  readonly compileGraph: (definition: JsonObject) => StateGraph;
};

export type CompileState = (definition: JsonObject, context: CompileContext) => State["run"];
