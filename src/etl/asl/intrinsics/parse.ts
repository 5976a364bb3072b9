import { readPath } from "../json-path/parse.ts";
import { Reader } from "../json-path/reader.ts";
import type { Path } from "../json-path/tokens.ts";
import type { Json } from "../types.ts";
import { intrinsics } from "./functions.ts";

/** An intrinsic function call, as it was written and taken apart. */
export type Call = {
  readonly kind: "call";
  readonly name: string;
  readonly source: string;
  readonly args: readonly Expression[];
};

/** What may stand among the arguments of a call. */
export type Expression =
  | Call
  | { readonly kind: "value"; readonly value: Json }
  | { readonly kind: "path"; readonly path: Path };

/**
 * Parses `States.Format('{} of {}', $.count, 3)`.
 *
 * @throws {PathSyntaxError}
 */
export function parseIntrinsic(source: string): Call {
  const reader = new Reader(source);
  const call = readCall(reader);
  reader.spaces();
  if (!reader.done) throw reader.error("unexpected text");
  return call;
}

function readCall(reader: Reader): Call {
  const start = reader.position;
  const name = reader.match(/States\.\w+/y);
  const known = intrinsics[name];
  if (known === undefined) throw reader.error(`no intrinsic function '${name}'`);
  reader.expect("(");
  const args = readArguments(reader);
  const [least, most] = known.arity;
  if (args.length < least || args.length > most) throw reader.error(`wrong number of arguments for ${name}`);
  const wrong = args.find(
    (argument, index) => argument.kind === "value" && known.refuses?.(argument.value, index) === true,
  );
  if (wrong !== undefined) throw reader.error(`wrong type of argument for ${name}`);
  return { kind: "call", name, source: reader.text.slice(start, reader.position), args };
}

function readArguments(reader: Reader): Expression[] {
  const args: Expression[] = [];
  reader.spaces();
  while (!reader.take(")")) {
    if (args.length > 0) reader.expect(",");
    reader.spaces();
    args.push(readArgument(reader));
    reader.spaces();
  }
  return args;
}

function readArgument(reader: Reader): Expression {
  const next = reader.peek();
  if (next === "$") return { kind: "path", path: readPath(reader) };
  if (next === "'") return { kind: "value", value: readText(reader) };
  if (next === "S") return readCall(reader);
  for (const [word, value] of words) if (reader.take(word)) return { kind: "value", value };
  const number = reader.match(/-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?/y);
  if (number === "") throw reader.error("expected an argument");
  return { kind: "value", value: Number(number) };
}

const words: readonly (readonly [string, Json])[] = [
  ["true", true],
  ["false", false],
  ["null", null],
];

/** Escapes stay as they are: `States.Format` tells `\{` from `{`, and {@link unescape} serves the others. */
function readText(reader: Reader): string {
  reader.expect("'");
  const text = reader.match(/(?:[^'\\]|\\['\\{}])*/y);
  reader.expect("'");
  return text;
}

/** The text that an escaped literal stands for. */
export function unescape(text: string): string {
  return text.replaceAll(/\\(['\\{}])/gu, "$1");
}
