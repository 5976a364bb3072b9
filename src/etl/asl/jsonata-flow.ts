import { compileAssign } from "./assign.ts";
import type { Visit } from "./execution.ts";
import { textField } from "./fields.ts";
import { compileJsonata } from "./jsonata/expression.ts";
import type { Outcome } from "./state.ts";
import type { Json, JsonObject } from "./types.ts";

/** The way of the data through a JSONata state. */
export type JsonataFlow = {
  /** Arguments, or the state's input where there are none. */
  readonly arguments: (visit: Visit) => Json | Promise<Json>;
  /** Output and Assign; `result` is the output where there is no Output. */
  readonly leave: (visit: Visit, result?: Json) => Outcome | Promise<Outcome>;
};

/** @param showsArguments TestState shows them for this type of state */
export function compileJsonataFlow(definition: JsonObject, { showsArguments = false } = {}): JsonataFlow {
  const { Arguments: template, Output: outputTemplate } = definition;
  const evaluateArguments = template === undefined ? undefined : compileJsonata(template, "Arguments");
  const output = outputTemplate === undefined ? undefined : compileJsonata(outputTemplate, "Output");
  const assign = compileAssign(definition["Assign"], "JSONata");
  const assigns = definition["Assign"] !== undefined;
  const next = textField(definition, "Next");
  const evaluate = async (visit: Visit, result: Json | undefined): Promise<Outcome> => {
    const scope = visit.scope(visit.input, result === undefined ? {} : { result });
    const assigned = assigns ? await assign(scope) : undefined;
    const made = output === undefined ? outputOf(visit, result) : output(scope);
    return { output: made instanceof Promise ? await made : made, assigned, next };
  };

  const showArguments = async (visit: Visit, value: Json | Promise<Json>): Promise<Json> => {
    const shown = await value;
    visit.inspect?.("afterArguments", shown);
    return shown;
  };

  return {
    arguments(visit) {
      if (evaluateArguments === undefined) return visit.input;
      const value = evaluateArguments(visit.scope(visit.input));
      return showsArguments && visit.inspect !== undefined ? showArguments(visit, value) : value;
    },
    leave(visit, result) {
      if (output !== undefined || assigns) return evaluate(visit, result);
      return { output: outputOf(visit, result), assigned: undefined, next };
    },
  };
}

/** A result is the output, null too; a state without a result hands its input on. */
function outputOf({ input }: Visit, result: Json | undefined): Json {
  return result === undefined ? input : result;
}
