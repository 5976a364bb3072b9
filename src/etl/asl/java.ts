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
