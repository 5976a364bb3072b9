import { queryError } from "../failure.ts";
import { typeOf } from "../json.ts";
import type { Evaluate } from "../scope.ts";
import type { Json } from "../types.ts";
import { compileJsonata, expressionIn } from "./expression.ts";

/** The types that a field can ask of its expression, as AWS's causes spell them. */
export type Expected = "string" | "boolean" | "array" | "integer" | "number";

/** A field whose expression must give a certain type. */
export function compileTypedJsonata(template: Json, field: string, expected: Expected): Evaluate {
  const evaluate = compileJsonata(template, field);
  const source = typeof template === "string" ? expressionIn(template) : undefined;
  if (source === undefined) return evaluate;
  return async (scope) => {
    const value = await evaluate(scope);
    if (fits(value, expected)) return value;
    throw queryError(
      `The JSONata expression '${source}' specified for the field '${field}' returned an unexpected result type. Expected '${expected}', but was '${typeOf(value)}' for value: ${JSON.stringify(value)}`,
      field,
    );
  };
}

function fits(value: Json, expected: Expected): boolean {
  return expected === "integer" ? Number.isInteger(value) : typeOf(value) === expected;
}
