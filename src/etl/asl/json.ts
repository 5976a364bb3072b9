import type { Json, JsonObject } from "./types.ts";

/** What AWS allows a state's input, result or output to weigh, in bytes of UTF-8 JSON. */
const payloadLimitBytes = 262_144;

/** True for a JSON object; arrays and null are not. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The name JSON has for the type of a value. */
export function typeOf(value: Json): "null" | "boolean" | "number" | "string" | "array" | "object" {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  const type = typeof value;
  return type === "boolean" || type === "number" || type === "string" ? type : "object";
}

/** The number that a path of a number field leads to: AWS also takes a text that holds one. */
export function numberIn(value: Json): number | undefined {
  if (typeof value === "number") return value;
  return typeof value === "string" && /^-?\d+(?:\.\d+)?$/u.test(value) ? Number(value) : undefined;
}

/** @throws {SyntaxError} where the text is not JSON. */
export function parseJson(text: string): Json {
  const value: Json = JSON.parse(text);
  return value;
}

/** What a handler returned, as JSON carries it: a Date becomes text, `undefined` becomes null. */
export function toJson(value: unknown): Json {
  if (isPlain(value)) return value;
  const text = JSON.stringify(value);
  return text === undefined ? null : parseJson(text);
}

function isPlain(value: unknown): value is Json {
  if (value === null || typeof value === "string" || typeof value === "boolean") return true;
  if (typeof value === "number") return Number.isFinite(value);
  if (Array.isArray(value)) return value.every(isPlain);
  if (typeof value !== "object") return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  if ((prototype !== Object.prototype && prototype !== null) || "toJSON" in value) return false;
  return Object.values(value).every(isPlain);
}

/** Weighs a value as AWS does; the size is only computed where the answer is not plain. */
export function exceedsPayloadLimit(value: Json): boolean {
  if (leftAfter(value, payloadLimitBytes) >= 0) return false;
  const text = JSON.stringify(value);
  if (text.length * 3 <= payloadLimitBytes) return false;
  return text.length > payloadLimitBytes || new TextEncoder().encode(text).length > payloadLimitBytes;
}

/** What is left of some bytes after the most that a value can take of them; stops looking once nothing is. */
function leftAfter(value: Json, bytes: number): number {
  // A character takes three bytes of UTF-8 at most, and six where it is escaped.
  if (typeof value === "string") return bytes - 6 * value.length - 2;
  if (typeof value !== "object" || value === null) return bytes - 25;
  let left = bytes - 2;
  if (Array.isArray(value)) {
    for (const item of value) {
      left = leftAfter(item, left - 1);
      if (left < 0) return left;
    }
    return left;
  }
  for (const key in value) {
    left = leftAfter(value[key] ?? null, left - 6 * key.length - 4);
    if (left < 0) return left;
  }
  return left;
}

/** Deep equality; the order of keys does not count. */
export function equalJson(left: Json, right: Json): boolean {
  if (left === right) return true;
  if (Array.isArray(left)) {
    return (
      Array.isArray(right) &&
      left.length === right.length &&
      left.every((item, index) => equalJson(item, right[index] ?? null))
    );
  }
  if (!isObject(left) || !isObject(right)) return false;
  const keys = Object.keys(left);
  return (
    keys.length === Object.keys(right).length &&
    keys.every((key) => Object.hasOwn(right, key) && equalJson(left[key] ?? null, right[key] ?? null))
  );
}

/** A member of an object, own ones only: `__proto__` and `constructor` are names like any other. */
export function member(object: JsonObject, name: string): Json | undefined {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

/** Sets a member as JSON.parse would, so that `__proto__` stays a plain name. */
export function withMember(object: JsonObject, name: string, value: Json): JsonObject {
  const copy = { ...object };
  if (name === "__proto__")
    Object.defineProperty(copy, name, { value, enumerable: true, writable: true, configurable: true });
  else copy[name] = value;
  return copy;
}
