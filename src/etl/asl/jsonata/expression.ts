import jsonata from "jsonata";

import { queryError } from "../failure.ts";
import { isObject } from "../json.ts";
import type { Evaluate, Scope } from "../scope.ts";
import type { Json, JsonObject } from "../types.ts";
import { drawingFunctions, drawsIn, registerFunctions } from "./functions.ts";
import { beyond, compileShortcut } from "./shortcut.ts";

/** The text between `{%` and `%}`, or `undefined` where a text is not an expression. */
export function expressionIn(text: string): string | undefined {
  return text.startsWith("{%") && text.endsWith("%}") && text.length >= 4 ? text.slice(2, -2).trim() : undefined;
}

/**
 * A field of a JSONata state: every text of the form `{% … %}` in it is evaluated, the rest stands for itself.
 *
 * @param field its place in the state as AWS's causes name it: `Output/result`, `Choices[1]/Condition`
 * @throws {SyntaxError} where an expression cannot be parsed
 */
export function compileJsonata(template: Json, field: string): Evaluate {
  if (typeof template === "string") {
    const source = expressionIn(template);
    return source === undefined ? () => template : compileExpression(source, field);
  }
  if (Array.isArray(template)) {
    const items = template.map((item, index) => compileJsonata(item, `${field}[${index}]`));
    return (scope) => evaluateEach(items, scope);
  }
  return isObject(template) ? compileObject(template, field) : () => template;
}

function compileObject(template: JsonObject, field: string): Evaluate {
  const keys = Object.keys(template);
  const members = Object.entries(template).map(([key, value]) => compileJsonata(value, `${field}/${key}`));
  const named = (values: readonly Json[]) => Object.fromEntries(keys.map((key, at) => [key, values[at] ?? null]));
  return (scope) => {
    const values = evaluateEach(members, scope);
    return values instanceof Promise ? values.then(named) : named(values);
  };
}

/** One after the other, and at once for as long as none needs JSONata itself. */
function evaluateEach(members: readonly Evaluate[], scope: Scope): Json[] | Promise<Json[]> {
  const values: Json[] = [];
  for (const [at, evaluate] of members.entries()) {
    const value = evaluate(scope);
    if (value instanceof Promise) return evaluateRest(values, value, members.slice(at + 1), scope);
    values.push(value);
  }
  return values;
}

async function evaluateRest(
  values: Json[],
  next: Promise<Json>,
  rest: readonly Evaluate[],
  scope: Scope,
): Promise<Json[]> {
  values.push(await next);
  for (const evaluate of rest) values.push(await evaluate(scope));
  return values;
}

function compileExpression(source: string, field: string): Evaluate {
  const expression = parseExpression(source);
  registerFunctions(expression);
  const shortcut = compileShortcut(expression.ast());
  const drawing = drawsIn(source);
  const said = `The JSONata expression '${source}' specified for the field '${field}'`;
  const nothing = () => queryError(`${said} returned nothing (undefined).`, field);

  const evaluateWhole = async (scope: Scope): Promise<Json> => {
    const bindings = bindingsOf(scope);
    let result: unknown;
    try {
      result = await expression.evaluate(
        undefined,
        drawing ? { ...drawingFunctions(scope.random), ...bindings } : bindings,
      );
    } catch (error) {
      throw queryError(`${said} threw an error during evaluation${reasonOf(error)}`, field);
    }
    if (result === undefined) throw nothing();
    const value = plain(result);
    if (value === undefined) throw queryError(`${said} returned an unsupported result type.`, field);
    return value;
  };

  return (scope) => {
    const value = shortcut === undefined ? beyond : shortcut(scope);
    if (value === beyond) return evaluateWhole(scope);
    if (value === undefined) throw nothing();
    return value;
  };
}

/** A recursion without an end would keep the process from hearing anything, its own signals included. */
const longestEvaluationMs = 5_000;

/** So deep AWS lets an expression nest: 100 terms of a sum, or 31 calls of `1 + $f($x - 1)`. */
const deepestNesting = 100;

/** What AWS says, without a code, where JSONata has codes of its own. */
const guardrails: Record<string, string | undefined> = {
  D1011: "Stack overflow error: Check for non-terminating recursive function. Consider rewriting as tail-recursive",
  D1012: "Expression evaluation timeout: Check for infinite loop",
};

/** @throws {SyntaxError} with JSONata's message. */
export function parseExpression(source: string): jsonata.Expression {
  try {
    return jsonata(source, { timeout: longestEvaluationMs, stack: deepestNesting });
  } catch (error) {
    const { message } = describe(error);
    throw new SyntaxError(message, { cause: error });
  }
}

function bindingsOf({ input, variables, context, result, errorOutput }: Scope): JsonObject {
  const states: JsonObject = {
    input,
    // Few expressions ask for it.
    get context() {
      return context();
    },
  };
  if (result !== undefined) states["result"] = result;
  if (errorOutput !== undefined) states["errorOutput"] = errorOutput;
  return { ...variables, states };
}

function reasonOf(error: unknown): string {
  const { code, message } = describe(error);
  if (code === undefined) return `: ${message}`;
  const guarded = guardrails[code];
  return guarded === undefined ? `. ${code}: ${message}` : `: ${guarded}`;
}

/** JSONata throws plain objects with a code and a message. */
function describe(error: unknown): { readonly code: string | undefined; readonly message: string } {
  if (typeof error !== "object" || error === null) return { code: undefined, message: String(error) };
  const code = "code" in error && typeof error.code === "string" ? error.code : undefined;
  const message = "message" in error && typeof error.message === "string" ? error.message : "";
  return { code, message };
}

/** JSON without JSONata's own sequences and lambdas; `undefined` where a function is in it. */
function plain(value: unknown): Json | undefined {
  if (value === null || typeof value === "string" || typeof value === "boolean") return value;
  // JSON has no word for what is not finite; AWS takes JavaScript's.
  if (typeof value === "number") return Number.isFinite(value) ? value + 0 : String(value);
  if (Array.isArray(value)) {
    const items = value.map(plain);
    const known = items.filter((item) => item !== undefined);
    return known.length === items.length ? known : undefined;
  }
  if (!isObject(value) || "_jsonata_lambda" in value || "_jsonata_function" in value || value instanceof RegExp)
    return undefined;
  const entries = Object.entries(value)
    .filter(([, item]) => item !== undefined)
    .map(([key, item]) => [key, plain(item)] as const);
  const known = entries.flatMap(([key, item]) => (item === undefined ? [] : [[key, item] as const]));
  return known.length === entries.length ? Object.fromEntries(known) : undefined;
}
