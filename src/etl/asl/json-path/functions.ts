import { isObject } from "../json.ts";
import type { Json } from "../types.ts";

/** The functions that may end a path. */
export const pathFunctions = ["length", "size", "min", "max", "avg", "sum", "stddev", "keys", "first", "last"];

/** `undefined` where the function has no answer for the value. */
export function applyFunction(name: string, value: Json): Json | undefined {
  if (name === "keys") return isObject(value) ? Object.keys(value) : undefined;
  if (name === "length" || name === "size") return lengthOf(value);
  if (!Array.isArray(value)) return undefined;
  if (name === "first") return value[0];
  if (name === "last") return value.at(-1);
  const numbers = value.filter((item) => typeof item === "number");
  return numbers.length === 0 ? undefined : aggregate(name, numbers);
}

function lengthOf(value: Json): number | undefined {
  if (Array.isArray(value) || typeof value === "string") return value.length;
  return isObject(value) ? Object.keys(value).length : undefined;
}

function aggregate(name: string, numbers: readonly number[]): number | undefined {
  const sum = numbers.reduce((total, number) => total + number, 0);
  const mean = sum / numbers.length;
  switch (name) {
    case "sum":
      return sum;
    case "avg":
      return mean;
    case "min":
      return numbers.reduce((least, number) => Math.min(least, number), Infinity);
    case "max":
      return numbers.reduce((most, number) => Math.max(most, number), -Infinity);
    case "stddev":
      return Math.sqrt(numbers.reduce((total, number) => total + (number - mean) ** 2, 0) / numbers.length);
    default:
      return undefined;
  }
}
