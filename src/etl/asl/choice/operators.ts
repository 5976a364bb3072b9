import { typeOf } from "../json.ts";
import { nanosecondsBeyond, parseTimestamp } from "../timestamp.ts";
import type { Json } from "../types.ts";

/** Compares the variable with what the rule gives; false where their types do not fit. */
type Comparison = (variable: Json, expected: Json) => boolean;

const ordered = {
  Equals: (difference: number) => difference === 0,
  LessThan: (difference: number) => difference < 0,
  GreaterThan: (difference: number) => difference > 0,
  LessThanEquals: (difference: number) => difference <= 0,
  GreaterThanEquals: (difference: number) => difference >= 0,
};

function strings(holds: (difference: number) => boolean): Comparison {
  return (left, right) =>
    typeof left === "string" && typeof right === "string" && holds(left === right ? 0 : left < right ? -1 : 1);
}

function numbers(holds: (difference: number) => boolean): Comparison {
  return (left, right) => typeof left === "number" && typeof right === "number" && holds(left - right);
}

function timestamps(holds: (difference: number) => boolean): Comparison {
  return (left, right) => {
    const [leftMs, rightMs] = [timeOf(left), timeOf(right)];
    if (leftMs === undefined || rightMs === undefined) return false;
    return holds(leftMs - rightMs || nanosecondsBeyond(left) - nanosecondsBeyond(right));
  };
}

function timeOf(value: Json): number | undefined {
  return typeof value === "string" ? parseTimestamp(value) : undefined;
}

function family(prefix: string, make: (holds: (difference: number) => boolean) => Comparison): [string, Comparison][] {
  return Object.entries(ordered).map(([name, holds]) => [`${prefix}${name}`, make(holds)]);
}

/** Comparisons with a value; each but StringMatches also comes with `Path`, for a value from the data. */
export const comparisons: ReadonlyMap<string, Comparison> = new Map<string, Comparison>([
  ...family("String", strings),
  ...family("Numeric", numbers),
  ...family("Timestamp", timestamps),
  ["BooleanEquals", (left, right) => typeof left === "boolean" && left === right],
  ["StringMatches", (left, right) => typeof left === "string" && typeof right === "string" && matches(left, right)],
]);

/** Tests of the variable's type; `IsPresent` is apart, for it takes a variable that is not there. */
export const typeTests: ReadonlyMap<string, (variable: Json) => boolean> = new Map<string, (variable: Json) => boolean>(
  [
    ["IsNull", (variable) => variable === null],
    ["IsString", (variable) => typeOf(variable) === "string"],
    ["IsNumeric", (variable) => typeOf(variable) === "number"],
    ["IsBoolean", (variable) => typeOf(variable) === "boolean"],
    ["IsTimestamp", (variable) => timeOf(variable) !== undefined],
  ],
);

/** `*` stands for any text; a backslash keeps a star or a backslash as it is. */
function matches(text: string, pattern: string): boolean {
  const expression = pattern.replaceAll(/\\([*\\])|\*|[^*\\]+|\\/gu, (part, escaped: string | undefined) => {
    if (part === "*") return "[^]*";
    return RegExp.escape(escaped ?? part);
  });
  return new RegExp(`^${expression}$`, "u").test(text);
}
