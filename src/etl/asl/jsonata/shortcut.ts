import { isObject, member } from "../json.ts";
import type { Scope } from "../scope.ts";
import type { Json, JsonObject } from "../types.ts";

/** The answer of a shortcut that met something only JSONata itself can tell. */
export const beyond = Symbol("beyond");

type Value = Json | undefined | typeof beyond;

/** Evaluates at once, without a promise. */
export type Shortcut = (scope: Scope) => Value;

/**
 * A way round JSONata for what most expressions are: plain paths, literals, comparisons, a choice between two.
 * Its answer is JSONata's, or `beyond`: an array on a path, a type that would be cast, a name that is shadowed.
 *
 * @param node a node of JSONata's syntax tree
 * @returns `undefined` where the expression is of another kind
 */
export function compileShortcut(node: unknown): Shortcut | undefined {
  if (!isObject(node) || !isKnown(node)) return undefined;
  const { type = "" } = node;
  switch (typeof type === "string" ? type : "") {
    case "string":
    case "number":
    case "value": {
      const { value = null } = node;
      return Object.is(value, -0) ? undefined : () => value;
    }
    case "variable":
      return compileVariable(node["value"]);
    case "path":
      return compilePath(node["steps"]);
    case "condition":
      return compileCondition(node);
    case "function":
      return compileExists(node);
    case "binary":
      return compileBinary(node);
    default:
      return undefined;
  }
}

/** A node with anything else (a predicate, a group, a step that keeps arrays) has a meaning of its own. */
const knownKeys = new Set("type value position steps condition then else procedure arguments lhs rhs".split(" "));

function isKnown(node: JsonObject): boolean {
  return Object.entries(node).every(([key, value]) => value === undefined || knownKeys.has(key));
}

function compileVariable(name: Json | undefined): Shortcut | undefined {
  if (typeof name !== "string" || name === "" || name === "$" || name === "states") return undefined;
  return ({ variables }) => (Object.hasOwn(variables, name) ? variables[name] : beyond);
}

function compilePath(steps: Json | undefined): Shortcut | undefined {
  if (!Array.isArray(steps)) return undefined;
  const [first, ...rest] = steps;
  const names = rest.flatMap((step) => {
    const isName = isObject(step) && step["type"] === "name" && isKnown(step);
    return isName && typeof step["value"] === "string" ? [step["value"]] : [];
  });
  const [name, ...more] = names;
  if (!isObject(first) || first["type"] !== "variable" || name === undefined || names.length < rest.length)
    return undefined;
  if (first["value"] === "states" && isKnown(first)) return along(more, compileStates(name));
  const from = compileShortcut(first);
  return from && along(names, from);
}

/** A member of `$states`, without the object around it. */
function compileStates(name: string): Shortcut {
  switch (name) {
    case "input":
    case "result":
    case "errorOutput":
      return (scope) => scope[name];
    case "context":
      return (scope) => scope.context();
    default:
      return () => undefined;
  }
}

function along(names: readonly string[], from: Shortcut): Shortcut {
  return (scope) => {
    let value = from(scope);
    for (const name of names) {
      if (value === beyond || Array.isArray(value)) return beyond;
      if (!isObject(value)) return undefined;
      value = member(value, name);
    }
    return value;
  };
}

function compileCondition({ condition, then, else: otherwise }: JsonObject): Shortcut | undefined {
  const [test, yes, no] = [compileShortcut(condition), compileShortcut(then), compileShortcut(otherwise)];
  if (test === undefined || yes === undefined || no === undefined) return undefined;
  return (scope) => {
    const holds = test(scope);
    if (typeof holds !== "boolean") return beyond;
    return holds ? yes(scope) : no(scope);
  };
}

/** `$exists(…)`, the one function that a default needs. */
function compileExists({ procedure, arguments: args }: JsonObject): Shortcut | undefined {
  if (!isObject(procedure) || procedure["type"] !== "variable" || procedure["value"] !== "exists") return undefined;
  if (!Array.isArray(args) || args.length !== 1) return undefined;
  const argument = compileShortcut(args[0]);
  if (argument === undefined) return undefined;
  return (scope) => {
    const value = argument(scope);
    return value === beyond || Object.hasOwn(scope.variables, "exists") ? beyond : value !== undefined;
  };
}

function compileBinary({ value: operator, lhs, rhs }: JsonObject): Shortcut | undefined {
  const [left, right] = [compileShortcut(lhs), compileShortcut(rhs)];
  const apply = typeof operator === "string" ? operators.get(operator) : undefined;
  if (left === undefined || right === undefined || apply === undefined) return undefined;
  return (scope) => apply(left(scope), right(scope));
}

function numbers(compare: (left: number, right: number) => boolean) {
  return (left: Value, right: Value) =>
    typeof left === "number" && typeof right === "number" ? compare(left, right) : beyond;
}

const operators: ReadonlyMap<string, (left: Value, right: Value) => Value> = new Map<
  string,
  (left: Value, right: Value) => Value
>([
  ["=", (left, right) => (isPlain(left) && isPlain(right) ? left === right : beyond)],
  ["!=", (left, right) => (isPlain(left) && isPlain(right) ? left !== right : beyond)],
  ["<", numbers((left, right) => left < right)],
  ["<=", numbers((left, right) => left <= right)],
  [">", numbers((left, right) => left > right)],
  [">=", numbers((left, right) => left >= right)],
  ["and", (left, right) => (typeof left === "boolean" && typeof right === "boolean" ? left && right : beyond)],
  ["or", (left, right) => (typeof left === "boolean" && typeof right === "boolean" ? left || right : beyond)],
  ["&", (left, right) => (typeof left === "string" && typeof right === "string" ? `${left}${right}` : beyond)],
]);

function isPlain(value: Value): boolean {
  return value === null || typeof value === "string" || typeof value === "number" || typeof value === "boolean";
}
