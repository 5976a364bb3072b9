import { isObject } from "./json.ts";
import type { Json } from "./types.ts";

/** A value as Java's toString prints it; AWS's messages and States.Format show objects that way. */
export function printJava(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(printJava).join(", ")}]`;
  if (!isObject(value)) return String(value);
  return `{${Object.entries(value)
    .map(([key, item]) => `${key}=${printJava(item)}`)
    .join(", ")}}`;
}

/** The class that Jayway's messages name for a value. */
export function javaTypeOf(value: Json): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "java.util.ArrayList";
  if (typeof value === "string") return "java.lang.String";
  if (typeof value === "boolean") return "java.lang.Boolean";
  if (typeof value !== "number") return "java.util.LinkedHashMap";
  if (!Number.isInteger(value)) return "java.lang.Double";
  return Math.abs(value) < 2 ** 31 ? "java.lang.Integer" : "java.lang.Long";
}
