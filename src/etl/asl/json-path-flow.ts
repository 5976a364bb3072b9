import { type Assign, compileAssign } from "./assign.ts";
import type { Visit } from "./execution.ts";
import { textField } from "./fields.ts";
import { parsePath } from "./json-path/parse.ts";
import { putAt } from "./json-path/reference.ts";
import type { Outcome } from "./state.ts";
import { compilePath, compileTemplate, type PathEvaluate } from "./template.ts";
import type { Json, JsonObject } from "./types.ts";

/** The way of the data through a JSONPath state. */
export type JsonPathFlow = {
  /** The input after InputPath. */
  readonly enter: (visit: Visit) => Json;
  /** Parameters over the effective input; that input itself where there are none. */
  readonly parameters: (visit: Visit, input: Json) => Json;
  /** ResultSelector, ResultPath on the state's input, OutputPath, Assign. */
  readonly leave: (
    visit: Visit,
    end: { readonly result: Json; readonly assignFrom: Json },
  ) => Outcome | Promise<Outcome>;
};

type Step = "afterInputPath" | "afterParameters" | "afterResultSelector" | "afterResultPath";

/** All of the steps. */
export const everyStep: readonly Step[] = [
  "afterInputPath",
  "afterParameters",
  "afterResultSelector",
  "afterResultPath",
];

/** @param shown the steps that TestState shows for this type of state */
export function compileJsonPathFlow(definition: JsonObject, shown: readonly Step[]): JsonPathFlow {
  const note = (visit: Visit, step: Step, value: Json) => {
    if (visit.inspect !== undefined && shown.includes(step)) visit.inspect(step, value);
  };
  const inputPath = compileInputOutputPath(definition["InputPath"]);
  const outputPath = compileInputOutputPath(definition["OutputPath"]);
  const parameters = optionalTemplate(definition["Parameters"]);
  const resultSelector = optionalTemplate(definition["ResultSelector"]);
  const merge = compileResultPath(definition["ResultPath"]);
  const assign: Assign = compileAssign(definition["Assign"], "JSONPath");
  const assigns = definition["Assign"] !== undefined;
  const next = textField(definition, "Next");
  return {
    enter(visit) {
      const input = inputPath(visit, visit.input);
      note(visit, "afterInputPath", input);
      return input;
    },
    parameters(visit, input) {
      const value = parameters === undefined ? input : parameters(visit.scope(input));
      note(visit, "afterParameters", value);
      return value;
    },
    leave(visit, { result, assignFrom }) {
      const selected = resultSelector === undefined ? result : resultSelector(visit.scope(result));
      note(visit, "afterResultSelector", selected);
      const merged = merge(visit.input, selected);
      note(visit, "afterResultPath", merged);
      const output = outputPath(visit, merged);
      if (!assigns) return { output, assigned: undefined, next };
      return assign(visit.scope(assignFrom)).then((assigned) => ({ output, assigned, next }));
    },
  };
}

/** ResultPath: `$` or none replaces the input, null drops the result, a path puts it into the input. */
export function compileResultPath(definition: Json | undefined): (input: Json, result: Json) => Json {
  if (definition === null) return (input) => input;
  if (typeof definition !== "string" || definition === "$") return (_, result) => result;
  const path = parsePath(definition);
  return (input, result) => putAt(path, input, result);
}

function optionalTemplate(template: Json | undefined): PathEvaluate | undefined {
  return template === undefined ? undefined : compileTemplate(template);
}

/** InputPath and OutputPath: null stands for an empty object. */
function compileInputOutputPath(definition: Json | undefined): (visit: Visit, value: Json) => Json {
  if (definition === null) return () => ({});
  if (typeof definition !== "string" || definition === "$") return (_, value) => value;
  const path = compilePath(definition);
  return (visit, value) => path(visit.scope(value));
}
