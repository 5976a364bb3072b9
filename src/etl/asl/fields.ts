import { isObject } from "./json.ts";
import type { Json, JsonObject } from "./types.ts";

/** A field that holds a text. */
export function textField(definition: JsonObject, name: string): string | undefined {
  const value = definition[name];
  return typeof value === "string" ? value : undefined;
}

export function numberField(definition: JsonObject, name: string): number | undefined {
  const value = definition[name];
  return typeof value === "number" ? value : undefined;
}

export function objectField(definition: JsonObject, name: string): JsonObject | undefined {
  const value = definition[name];
  return isObject(value) ? value : undefined;
}

/** The objects of a list; an empty list where the field is absent. */
export function objectsField(definition: JsonObject, name: string): JsonObject[] {
  const value = definition[name];
  return Array.isArray(value) ? value.filter(isObject) : [];
}

export function textsField(definition: JsonObject, name: string): string[] {
  const value = definition[name];
  return Array.isArray(value) ? value.filter((item: Json) => typeof item === "string") : [];
}
