import { compileAssign } from "../assign.ts";
import { compileRule } from "../choice/rule.ts";
import type { Visit } from "../execution.ts";
import { runtimeError } from "../failure.ts";
import { objectsField, textField } from "../fields.ts";
import { compileJsonPathFlow } from "../json-path-flow.ts";
import { compileJsonata } from "../jsonata/expression.ts";
import { compileTypedJsonata } from "../jsonata/typed.ts";
import { compileJsonataFlow } from "../jsonata-flow.ts";
import type { CompileState, Outcome } from "../state.ts";
import type { JsonObject } from "../types.ts";

/** Choice: goes on at the first rule that holds, or at Default. */
export const compileChoice: CompileState = (definition, { language }) =>
  language === "JSONata" ? compileJsonataChoice(definition) : compileJsonPathChoice(definition);

function compileJsonPathChoice(definition: JsonObject): ReturnType<CompileState> {
  const { Assign: assignTemplate, ...rest } = definition;
  const flow = compileJsonPathFlow(rest, ["afterInputPath"]);
  // The state's own Assign is for its Default; a rule that holds has its own.
  const fallback = { assign: compileAssign(assignTemplate, "JSONPath"), next: textField(definition, "Default") };
  const rules = objectsField(definition, "Choices").map((choice) => ({
    holds: compileRule(choice),
    assign: compileAssign(choice["Assign"], "JSONPath"),
    next: textField(choice, "Next"),
  }));
  return async (visit) => {
    const input = flow.enter(visit);
    const scope = visit.scope(input);
    const { assign, next = noMatch() } = rules.find(({ holds }) => holds(scope)) ?? fallback;
    const assigned = await assign(scope);
    const { output } = await flow.leave(visit, { result: input, assignFrom: input });
    return { output, assigned, next };
  };
}

function compileJsonataChoice(definition: JsonObject): ReturnType<CompileState> {
  const flow = compileJsonataFlow(definition);
  const fallback = textField(definition, "Default");
  const rules = objectsField(definition, "Choices").map((choice, index) => {
    const { Output: output } = choice;
    return {
      holds: compileTypedJsonata(choice["Condition"] ?? null, `Choices[${index}]/Condition`, "boolean"),
      assign: compileAssign(choice["Assign"], "JSONata", `Choices[${index}]/Assign`),
      output: output === undefined ? undefined : compileJsonata(output, `Choices[${index}]/Output`),
      next: textField(choice, "Next"),
    };
  });
  return async (visit: Visit): Promise<Outcome> => {
    const scope = visit.scope(visit.input);
    for (const { holds, assign, output, next } of rules) {
      if ((await holds(scope)) !== true) continue;
      const assigned = await assign(scope);
      return { output: output === undefined ? visit.input : await output(scope), assigned, next };
    }
    const { output, assigned } = await flow.leave(visit);
    return { output, assigned, next: fallback ?? noMatch() };
  };
}

function noMatch(): never {
  // The specification calls it States.NoChoiceMatched; AWS does not.
  throw runtimeError("Failed to transition out of the state. The state does not point to a next state.");
}
