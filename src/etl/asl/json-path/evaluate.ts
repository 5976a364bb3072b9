import { member } from "../json.ts";
import type { Scope } from "../scope.ts";
import type { Json } from "../types.ts";
import { find, PathNotFoundError } from "./find.ts";
import type { Path } from "./tokens.ts";

/**
 * The value of a path in a scope.
 *
 * @throws {PathNotFoundError}
 */
export function evaluatePath(path: Path, scope: Scope): Json {
  if (path.root === "$") return find(path, scope.input);
  if (path.root === "$$") return find(path, scope.context());
  const { variable } = path.root;
  const value = member(scope.variables, variable);
  if (value === undefined) throw new PathNotFoundError(`No variable '${variable}' is assigned`);
  return find(path, value);
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
