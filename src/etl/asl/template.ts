import { runtimeError } from "./failure.ts";
import { evaluateIntrinsic } from "./intrinsics/evaluate.ts";
import { parseIntrinsic } from "./intrinsics/parse.ts";
import { isObject } from "./json.ts";
import { evaluatePath } from "./json-path/evaluate.ts";
import { PathNotFoundError } from "./json-path/find.ts";
import { parsePath } from "./json-path/parse.ts";
import type { Scope } from "./scope.ts";
import type { Json } from "./types.ts";

/** A JSONPath expression: synchronous, unlike JSONata. */
export type PathEvaluate = (scope: Scope) => Json;

/** A Payload Template: `name.$` takes a path or an intrinsic function, everything else stands for itself. */
export function compileTemplate(template: Json): PathEvaluate {
  if (isObject(template)) return compileObject(template);
  if (!Array.isArray(template) || !template.some((item) => typeof item === "object" && item !== null))
    return () => template;
  const items = template.map(compileTemplate);
  return (scope) => items.map((item) => item(scope));
}

function compileObject(template: { [key: string]: Json }): PathEvaluate {
  const members = Object.entries(template).map(([key, value]): readonly [string, PathEvaluate] =>
    key.endsWith(".$") && typeof value === "string"
      ? [key.slice(0, -2), compilePathOrIntrinsic(value, key)]
      : [key, compileTemplate(value)],
  );
  return (scope) => Object.fromEntries(members.map(([key, evaluate]) => [key, evaluate(scope)]));
}

/**
 * The value of a field that names a path or calls an intrinsic function; `field` is for the error.
 * An index past the end of an array is null there, and missing only as the argument of a function.
 */
export function compilePathOrIntrinsic(source: string, field: string): PathEvaluate {
  const evaluate = compileSource(source);
  return (scope) => {
    try {
      return evaluate(scope);
    } catch (error) {
      if (!(error instanceof PathNotFoundError)) throw error;
      if (error.isPastEnd) return null;
      const searched = source.startsWith("$$") ? scope.context() : scope.input;
      throw runtimeError(
        `The JSONPath '${source}' specified for the field '${field}' could not be found in the input '${JSON.stringify(searched)}'`,
      );
    }
  };
}

function compileSource(source: string): PathEvaluate {
  if (source.startsWith("$")) {
    const path = parsePath(source);
    return (scope) => evaluatePath(path, scope);
  }
  const call = parseIntrinsic(source);
  return (scope) => evaluateIntrinsic(call, scope);
}

/** InputPath, OutputPath, ItemsPath, TimeoutSecondsPath: a path whose failure is told in Jayway's words. */
export function compilePath(source: string): PathEvaluate {
  if (source === "$") return (scope) => scope.input;
  const path = parsePath(source);
  return (scope) => {
    try {
      return evaluatePath(path, scope);
    } catch (error) {
      if (!(error instanceof PathNotFoundError)) throw error;
      throw runtimeError(`Invalid path '${source}' : ${error.message}`);
    }
  };
}
