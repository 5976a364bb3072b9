import { runtimeError, StatesError } from "../failure.ts";
import { textField } from "../fields.ts";
import { compileTypedJsonata } from "../jsonata/typed.ts";
import type { Evaluate } from "../scope.ts";
import type { CompileContext, CompileState } from "../state.ts";
import { compilePathOrIntrinsic } from "../template.ts";
import type { JsonObject } from "../types.ts";

/** Fail: ends its branch with an error of its own. */
export const compileFail: CompileState = (definition, context) => {
  const error = compileText(definition, "Error", context);
  const cause = compileText(definition, "Cause", context);
  return async (visit) => {
    const scope = visit.scope(visit.input);
    if (context.language === "JSONPath") visit.inspect?.("afterInputPath", visit.input);
    const [errorName, causeText] = [await error(scope), await cause(scope)];
    throw new StatesError({
      error: typeof errorName === "string" ? errorName : undefined,
      cause: typeof causeText === "string" ? causeText : undefined,
      placed: true,
    });
  };
};

function compileText(definition: JsonObject, field: string, { language }: CompileContext): Evaluate {
  const fixed = textField(definition, field);
  if (language === "JSONata") return fixed === undefined ? () => null : compileTypedJsonata(fixed, field, "string");
  const path = textField(definition, `${field}Path`);
  if (path === undefined) return () => fixed ?? null;
  const evaluate = compilePathOrIntrinsic(path, `${field}Path`);
  return (scope) => {
    const value = evaluate(scope);
    if (typeof value === "string") return value;
    throw runtimeError(`The ${field}Path parameter does not reference a string: ${path} == ${JSON.stringify(value)}`);
  };
}
