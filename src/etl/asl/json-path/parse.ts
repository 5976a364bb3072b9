import { parsePredicate } from "./filter.ts";
import { Reader } from "./reader.ts";
import type { Path, Token } from "./tokens.ts";

/**
 * Parses a path in the dialect of AWS (Jayway's JsonPath, with `$$` and variables).
 *
 * @throws {PathSyntaxError}
 */
export function parsePath(source: string): Path {
  const reader = new Reader(source);
  const path = readPath(reader);
  if (!reader.done) throw reader.error("unexpected text");
  return { ...path, source };
}

/** Reads a path that ends where a character comes that cannot belong to it; `name` matches a name after a dot. */
export function readPath(reader: Reader, root = "$", name = /(?:[^.[\]()\s,\\]|\\.)+/uy): Path {
  const start = reader.position;
  reader.expect(root);
  const from = root === "$" ? readRoot(reader) : "$";
  const tokens: Token[] = [];
  for (let token = readToken(reader, name); token !== undefined; token = readToken(reader, name)) tokens.push(token);
  const last = tokens.at(-1);
  if (last?.kind === "scan") throw reader.error("a path cannot end in '..'");
  const source = reader.text.slice(start, reader.position);
  if (tokens[0]?.kind === "scan" && last?.kind === "length")
    return { source, root: from, tokens: tokens.slice(0, -1), counts: true, definite: false };
  const [branches] = tokens
    .slice(0, -1)
    .flatMap((token, at) => (token.kind === "property" && token.names.length > 1 ? [{ at, names: token.names }] : []));
  const definite = tokens.every(isDefinite);
  return { source, root: from, tokens, definite, ...(branches === undefined ? {} : { branches }) };
}

function readRoot(reader: Reader): Path["root"] {
  if (reader.take("$")) return "$$";
  const variable = reader.match(/[\p{L}_][\p{L}\p{N}_]*/uy);
  return variable === "" ? "$" : { variable };
}

function readToken(reader: Reader, plainName: RegExp): Token | undefined {
  if (reader.peek() === "[") return readBracket(reader);
  if (reader.peek() !== ".") return undefined;
  reader.position += 1;
  if (reader.peek() === ".") return { kind: "scan" };
  if (reader.peek() === "[") return readBracket(reader);
  if (reader.take("*")) return { kind: "wildcard" };
  const name = reader.match(plainName);
  if (name === "") throw reader.error("expected a name");
  // AWS has no other function: what looks like one is a name that nothing has.
  if (!reader.take("()")) return { kind: "property", names: [name.replaceAll(/\\(.)/gu, "$1")] };
  return name === "length" ? { kind: "length" } : { kind: "property", names: [`${name}()`] };
}

function readBracket(reader: Reader): Token {
  reader.expect("[");
  reader.spaces();
  if (reader.take("*")) return closed(reader, { kind: "wildcard" });
  if (reader.take("?")) {
    const start = reader.position;
    const predicate = parsePredicate(reader, readPath);
    return closed(reader, { kind: "filter", source: reader.text.slice(start, reader.position), predicate });
  }
  if (reader.peek() === "'" || reader.peek() === '"')
    return closed(reader, { kind: "property", names: readNames(reader) });
  const from = readInteger(reader);
  reader.spaces();
  if (reader.take(":")) return readSlice(reader, from);
  if (from === undefined) throw reader.error("expected an index, a slice, a name or a filter");
  const indexes = [from];
  while (reader.take(",")) {
    reader.spaces();
    const next = readInteger(reader);
    if (next === undefined) throw reader.error("expected an index");
    indexes.push(next);
    reader.spaces();
  }
  return closed(reader, { kind: "index", indexes });
}

/** A third number, the step, may stand there; Jayway passes over it. */
function readSlice(reader: Reader, from: number | undefined): Token {
  const to = readInteger(reader);
  if (reader.take(":")) readInteger(reader);
  return closed(reader, { kind: "slice", from, to });
}

function readNames(reader: Reader): string[] {
  const names = [reader.quoted()];
  reader.spaces();
  while (reader.take(",")) {
    reader.spaces();
    if (reader.peek() !== "'" && reader.peek() !== '"') throw reader.error("expected a quoted name");
    names.push(reader.quoted());
    reader.spaces();
  }
  return names;
}

function readInteger(reader: Reader): number | undefined {
  const digits = reader.match(/-?\d+/y);
  return digits === "" ? undefined : Number(digits);
}

function closed(reader: Reader, token: Token): Token {
  reader.spaces();
  reader.expect("]");
  return token;
}

function isDefinite(token: Token): boolean {
  if (token.kind === "index") return token.indexes.length === 1;
  return token.kind === "property" || token.kind === "length";
}
