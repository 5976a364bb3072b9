import { createHash } from "node:crypto";

import { printJava } from "../java.ts";
import { equalJson, isObject, parseJson } from "../json.ts";
import { uuidFrom } from "../random.ts";
import type { Json } from "../types.ts";

/** One intrinsic function: what it takes and what it gives. */
type Intrinsic = {
  readonly arity: readonly [least: number, most: number];
  /** A literal argument that cannot be meant; a path can only be judged when it runs. */
  readonly refuses?: (argument: Json, index: number) => boolean;
  /** @throws {IntrinsicError} where the arguments do not fit. */
  readonly apply: (args: readonly Json[], random: () => number) => Json;
};

const notNumber = (argument: Json) => typeof argument !== "number";
const notText = (argument: Json) => typeof argument !== "string";

/** The intrinsic functions of the States Language, by name. */
export const intrinsics: Record<string, Intrinsic | undefined> = {
  "States.Format": {
    arity: [1, Infinity],
    refuses: (argument, index) => index === 0 && notText(argument),
    apply: ([template, ...values]) => format(text(template), values),
  },
  "States.StringToJson": { arity: [1, 1], refuses: notText, apply: ([source]) => jsonOf(text(source)) },
  "States.JsonToString": { arity: [1, 1], apply: ([value]) => JSON.stringify(value ?? null) },
  "States.Array": { arity: [0, Infinity], apply: (items) => [...items] },
  "States.ArrayPartition": {
    arity: [2, 2],
    apply: ([items, size]) => partition(list(items), rounded(size)),
  },
  "States.ArrayContains": {
    arity: [2, 2],
    apply: ([items, wanted]) => list(items).some((item) => equalJson(item, wanted ?? null)),
  },
  "States.ArrayRange": {
    arity: [3, 3],
    refuses: notNumber,
    apply: ([first, last, step]) => range(rounded(first), rounded(last), rounded(step)),
  },
  "States.ArrayGetItem": { arity: [2, 2], apply: ([items, index]) => itemAt(list(items), rounded(index)) },
  "States.ArrayLength": { arity: [1, 1], apply: ([items]) => list(items).length },
  "States.ArrayUnique": { arity: [1, 1], apply: ([items]) => unique(list(items)) },
  "States.Base64Encode": {
    arity: [1, 1],
    refuses: notText,
    apply: ([source]) => Buffer.from(atMost(text(source), 10_000), "utf8").toString("base64"),
  },
  "States.Base64Decode": {
    arity: [1, 1],
    refuses: notText,
    apply: ([source]) => Buffer.from(atMost(text(source), 10_000), "base64").toString("utf8"),
  },
  "States.Hash": {
    arity: [2, 2],
    apply: ([data, algorithm]) => hash(typeof data === "string" ? data : JSON.stringify(data), text(algorithm)),
  },
  "States.JsonMerge": {
    arity: [3, 3],
    apply: ([left, right, deep]) => {
      if (deep !== false) throw new IntrinsicError("deep merging is not supported: the third argument must be false");
      return { ...object(left), ...object(right) };
    },
  },
  "States.MathRandom": {
    arity: [2, 3],
    refuses: notNumber,
    apply: ([from, to, seed], random) =>
      randomBetween(rounded(from), rounded(to), seed === undefined ? random : seeded(rounded(seed))),
  },
  "States.MathAdd": {
    arity: [2, 2],
    refuses: notNumber,
    apply: ([left, right]) => rounded(left) + rounded(right),
  },
  "States.StringSplit": {
    arity: [2, 2],
    refuses: notText,
    apply: ([source, separators]) => split(text(source), text(separators)),
  },
  "States.UUID": { arity: [0, 0], apply: (_, random) => uuidFrom(random) },
};

/** Splits an array into chunks; the last one may be shorter. */
export function partition(items: readonly Json[], size: number): Json[][] {
  if (size < 1) throw new IntrinsicError(`the chunk size must be positive, not ${size}`);
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  );
}

/** From first to last, both included, at most 1,000 numbers. */
function range(first: number, last: number, step: number): number[] {
  if (step === 0) throw new IntrinsicError("the step must not be 0");
  const length = Math.max(0, Math.floor((last - first) / step) + 1);
  if (length > 1_000) throw new IntrinsicError(`the range would hold ${length} numbers, more than 1000`);
  return Array.from({ length }, (_, index) => first + index * step);
}

/** The hexadecimal digest; algorithms as AWS spells them. */
export function hash(data: string, algorithm: string): string {
  const name = ["MD5", "SHA-1", "SHA-256", "SHA-384", "SHA-512"].find((known) => known === algorithm);
  if (name === undefined) throw new IntrinsicError(`no hash algorithm '${algorithm}'`);
  return createHash(name.replace("-", "").toLowerCase()).update(atMost(data, 10_000), "utf8").digest("hex");
}

/** `{}` takes the next value; a backslash keeps a brace, a quote or a backslash as it is. */
function format(template: string, values: readonly Json[]): string {
  let taken = 0;
  const filled = template.replaceAll(/\\(['\\{}])|\{\}/gu, (_, escaped: string | undefined) => {
    if (escaped !== undefined) return escaped;
    const value = values[taken];
    if (value === undefined) throw new IntrinsicError("there are more '{}' than arguments");
    taken += 1;
    return printJava(value);
  });
  if (taken < values.length) throw new IntrinsicError("there are more arguments than '{}'");
  return filled;
}

function jsonOf(source: string): Json {
  if (source.trim() === "") return null;
  try {
    const value = parseJson(source);
    return Object.is(value, -0) ? 0 : value;
  } catch {
    throw new IntrinsicError(`'${source}' is not JSON`);
  }
}

function itemAt(items: readonly Json[], index: number): Json {
  const item = items[index];
  if (item === undefined) throw new IntrinsicError(`there is no item ${index} in an array of ${items.length}`);
  return item;
}

function unique(items: readonly Json[]): Json[] {
  return items.filter((item, index) => items.findIndex((other) => equalJson(other, item)) === index);
}

/** Any of the characters separates; empty parts are dropped. */
function split(source: string, separators: string): string[] {
  const parts: string[] = [];
  let part: string[] = [];
  for (const character of source) {
    if (!separators.includes(character)) part.push(character);
    else {
      if (part.length > 0) parts.push(part.join(""));
      part = [];
    }
  }
  return part.length > 0 ? [...parts, part.join("")] : parts;
}

function randomBetween(from: number, to: number, random: () => number): number {
  if (to <= from) throw new IntrinsicError(`the end ${to} must be greater than the start ${from}`);
  return from + Math.floor(random() * (to - from));
}

/** A generator of numbers in [0, 1) that repeats for the same seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

function text(value: Json | undefined): string {
  if (typeof value !== "string") throw new IntrinsicError(`${JSON.stringify(value)} is not a string`);
  return value;
}

function atMost(value: string, characters: number): string {
  if (value.length > characters) throw new IntrinsicError(`the string is longer than ${characters} characters`);
  return value;
}

/** Halves round up, as Java's Math.round has it. */
function rounded(value: Json | undefined): number {
  if (typeof value !== "number") throw new IntrinsicError(`${JSON.stringify(value)} is not a number`);
  return Math.round(value) + 0;
}

function list(value: Json | undefined): Json[] {
  if (!Array.isArray(value)) throw new IntrinsicError(`${JSON.stringify(value)} is not an array`);
  return value;
}

function object(value: Json | undefined): { [key: string]: Json } {
  if (!isObject(value)) throw new IntrinsicError(`${JSON.stringify(value)} is not an object`);
  return value;
}

/** The arguments of an intrinsic function do not fit it. */
export class IntrinsicError extends Error {
  override readonly name = "IntrinsicError";
}
