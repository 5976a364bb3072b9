import { runtimeError } from "../failure.ts";
import { textField } from "../fields.ts";
import { isObject } from "../json.ts";
import { lookupPath } from "../json-path/evaluate.ts";
import { parsePath } from "../json-path/parse.ts";
import type { Scope } from "../scope.ts";
import type { Json, JsonObject } from "../types.ts";
import { comparisons, typeTests } from "./operators.ts";

/** Says whether a rule of a JSONPath Choice state holds. */
export type Rule = (scope: Scope) => boolean;

/** Makes a rule from its definition: And, Or, Not, or one comparison of a variable. */
export function compileRule(definition: JsonObject): Rule {
  const { And: and, Or: or, Not: not } = definition;
  if (Array.isArray(and)) {
    const rules = and.filter(isObject).map(compileRule);
    return (scope) => rules.every((rule) => rule(scope));
  }
  if (Array.isArray(or)) {
    const rules = or.filter(isObject).map(compileRule);
    return (scope) => rules.some((rule) => rule(scope));
  }
  if (isObject(not)) {
    const rule = compileRule(not);
    return (scope) => !rule(scope);
  }
  return compileComparison(definition);
}

function compileComparison(definition: JsonObject): Rule {
  const source = textField(definition, "Variable") ?? "$";
  const path = parsePath(source);
  for (const [operator, expected] of Object.entries(definition)) {
    if (operator === "IsPresent") return (scope) => (lookupPath(path, scope) !== undefined) === expected;
    const test = typeTests.get(operator);
    if (test !== undefined) {
      // A type test of a variable that is not there fails as any other comparison does.
      return (scope) => test(variable(scope)) === expected;
    }
    const compare = comparisons.get(operator);
    if (compare !== undefined) return (scope) => compare(variable(scope), expected);
    const comparePaths = operator.endsWith("Path") ? comparisons.get(operator.slice(0, -4)) : undefined;
    if (comparePaths !== undefined && typeof expected === "string") {
      const expectedPath = parsePath(expected);
      return (scope) => comparePaths(variable(scope), required(lookupPath(expectedPath, scope), expected));
    }
  }
  return () => false;

  function variable(scope: Scope): Json {
    return required(lookupPath(path, scope), source);
  }
}

function required(value: Json | undefined, source: string): Json {
  if (value === undefined) {
    throw runtimeError(`Invalid path '${source}': The choice state's condition path references an invalid value.`);
  }
  return value;
}
