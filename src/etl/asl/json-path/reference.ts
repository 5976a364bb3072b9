import { StatesError } from "../failure.ts";
import { isObject, member, withMember } from "../json.ts";
import type { Json } from "../types.ts";
import type { Path, Token } from "./tokens.ts";

/** A Reference Path names one place by names and indexes alone, so it can be written to. */
export function isReference(path: Path): boolean {
  return path.definite && path.tokens.every(({ kind }) => kind === "property" || kind === "index");
}

/**
 * The document with a value put where the path points; objects on the way are made, nothing is changed in place.
 *
 * @throws {StatesError} States.ReferencePathConflict where the document has something else on the way.
 */
export function putAt(path: Path, document: Json, value: Json): Json {
  const [first] = path.tokens;
  if (path.tokens.length === 1 && first?.kind === "property" && isObject(document)) {
    return withMember(document, first.names[0] ?? "", value);
  }
  return put(path.tokens, document, value);
}

function put(tokens: readonly Token[], document: Json | undefined, value: Json): Json {
  const [token, ...rest] = tokens;
  if (token === undefined) return value;
  if (token.kind === "property") {
    const [name = ""] = token.names;
    const object = document ?? {};
    if (!isObject(object)) throw conflict(name, object);
    return withMember(object, name, put(rest, member(object, name), value));
  }
  const index = token.kind === "index" ? (token.indexes[0] ?? 0) : 0;
  if (!Array.isArray(document) || index < 0 || index >= document.length)
    throw conflict(String(index), document ?? null);
  return document.with(index, put(rest, document[index], value));
}

/** AWS names no state in this cause. */
function conflict(step: string, input: Json): StatesError {
  return new StatesError({
    error: "States.ReferencePathConflict",
    cause: `Unable to apply step "${step}" to input ${JSON.stringify(input)}`,
    placed: true,
  });
}
