import { javaTypeOf, printJava } from "../java.ts";
import { isObject, member } from "../json.ts";
import type { Json } from "../types.ts";
import { printUpTo, type Path, type Token } from "./tokens.ts";

/** Everything a path finds, in document order; what is missing is left out. */
export function findAll(path: Path, from: Json, root: Json = from): Json[] {
  let found: Json[] = [from];
  for (const [index, token] of path.tokens.entries()) {
    if (token.kind === "scan") found = found.flatMap(descendants);
    else found = found.flatMap((value) => step(token, value, root, path.tokens[index - 1]?.kind === "scan"));
  }
  return found;
}

/**
 * The one value of a definite path, or the list that any other path finds.
 *
 * @throws {PathNotFoundError} with Jayway's words, which AWS passes on.
 */
export function find(path: Path, from: Json): Json {
  // Jayway counts the children of what was found.
  if (path.counts === true) return findAll(path, from).flatMap(children).length;
  if (!path.definite) return findAll(path, from);
  let value = from;
  for (const [index, token] of path.tokens.entries()) {
    const next = step(token, value, from, false)[0];
    if (next === undefined) throw notFound(path, index, value);
    value = next;
  }
  return value;
}

function step(token: Token, value: Json, root: Json, scanned: boolean): Json[] {
  switch (token.kind) {
    case "property":
      return isObject(value) ? properties(token.names, value) : [];
    case "index":
      return Array.isArray(value) ? present(token.indexes.map((index) => value.at(index))) : [];
    case "slice":
      return Array.isArray(value) ? slice(value, token) : [];
    case "wildcard":
      return children(value);
    case "filter":
      return candidates(value, scanned).filter((item) => token.predicate(item, root));
    case "length":
      return present([lengthOf(value)]);
    case "scan":
      return descendants(value);
  }
}

/**
 * Jayway's slices: one bound alone may count from the end. Of two, the second is a position and the items between
 * are each counted from the end where negative, so `[-1:2]` begins with the last item and `[1:-1]` holds nothing.
 */
function slice(items: readonly Json[], { from, to }: Slice): Json[] {
  if (from === undefined || to === undefined) return items.slice(from, to);
  const length = Math.max(0, Math.min(items.length, to) - from);
  return present(Array.from({ length }, (_, offset) => items.at(from + offset)));
}

type Slice = { readonly from: number | undefined; readonly to: number | undefined };

/** Several names give one object with those that are there, as Jayway merges them. */
function properties(names: readonly string[], value: { [key: string]: Json }): Json[] {
  const [name] = names;
  if (names.length === 1 && name !== undefined) return present([member(value, name)]);
  return [Object.fromEntries(names.flatMap((key) => present([member(value, key)]).map((item) => [key, item])))];
}

function lengthOf(value: Json): number | undefined {
  if (Array.isArray(value) || typeof value === "string") return value.length;
  return isObject(value) ? Object.keys(value).length : undefined;
}

/** A filter goes through the items of an array; an object it tests itself. */
function candidates(value: Json, scanned: boolean): Json[] {
  if (Array.isArray(value)) return value;
  return isObject(value) && !scanned ? [value] : [];
}

function children(value: Json): Json[] {
  if (Array.isArray(value)) return value;
  return isObject(value) ? Object.values(value) : [];
}

function descendants(value: Json): Json[] {
  return [value, ...children(value).flatMap(descendants)];
}

function present(values: readonly (Json | undefined)[]): Json[] {
  return values.filter((value) => value !== undefined);
}

function notFound(path: Path, index: number, value: Json): PathNotFoundError {
  const token = path.tokens[index];
  const place = printUpTo(path, index + 1);
  const leaf = index === path.tokens.length - 1;
  if (token?.kind === "property") {
    if (isObject(value))
      return new PathNotFoundError(`${leaf ? "No results for path:" : "Missing property in path"} ${place}`);
    return new PathNotFoundError(notAnObject(place, printUpTo(path, index), value));
  }
  if (value === null) return new PathNotFoundError(`The path ${printUpTo(path, index)} is null`);
  if (token?.kind === "index" && !Array.isArray(value)) {
    return new PathNotFoundError(
      `Filter: [${token.indexes.join(",")}] can only be applied to arrays. Current context is: ${printJava(value)}`,
    );
  }
  return new PathNotFoundError(`No results for path: ${printUpTo(path, path.tokens.length)}`, {
    isPastEnd: leaf && token?.kind === "index",
  });
}

function notAnObject(place: string, before: string, value: Json): string {
  const fragment = place.slice(before.length);
  return `Expected to find an object with property ${fragment} in path ${before} but found '${javaTypeOf(value)}'. This is not a json object according to the JsonProvider: 'com.jayway.jsonpath.spi.json.JacksonJsonProvider'.`;
}

/** The data has nothing where the path points. */
export class PathNotFoundError extends Error {
  override readonly name = "PathNotFoundError";
  /** All of the way is there but the item: an index past the end of its array. */
  readonly isPastEnd: boolean;

  constructor(message: string, { isPastEnd = false }: { readonly isPastEnd?: boolean } = {}) {
    super(message);
    this.isPastEnd = isPastEnd;
  }
}
