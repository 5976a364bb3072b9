import { runtimeError } from "../failure.ts";
import { member } from "../json.ts";
import type { Scope } from "../scope.ts";
import type { Json } from "../types.ts";
import { find, PathNotFoundError } from "./find.ts";
import { printUpTo, type Path } from "./tokens.ts";

/**
 * The value of a path in a scope.
 *
 * @throws {PathNotFoundError}
 * @throws {StatesError} States.Runtime where AWS applies no path at all: to null, or with several names before its end.
 */
export function evaluatePath(path: Path, scope: Scope): Json {
  const from = startOf(path, scope);
  if (from === null && path.root === "$")
    throw runtimeError("Unable to apply Path transformation to null or empty input.");
  if (path.branches !== undefined) {
    const place = `${printUpTo(path, path.branches.at)}[${path.branches.names.map((name) => `'${name}'`).join(", ")}]`;
    throw runtimeError(`Invalid path '${path.source}' : Multi properties can only be used as path leafs: ${place}`);
  }
  return find(path, from);
}

function startOf({ root }: Path, scope: Scope): Json {
  if (root === "$") return scope.input;
  if (root === "$$") return scope.context();
  const value = member(scope.variables, root.variable);
  if (value === undefined) throw new PathNotFoundError(`No variable '${root.variable}' is assigned`);
  return value;
}

/** The same, or `undefined` where there is nothing. */
export function lookupPath(path: Path, scope: Scope): Json | undefined {
  try {
    return evaluatePath(path, scope);
  } catch (error) {
    if (error instanceof PathNotFoundError) return undefined;
    throw error;
  }
}
