import { parseIntrinsic } from "../intrinsics/parse.ts";
import { isObject } from "../json.ts";
import { parsePath } from "../json-path/parse.ts";
import { isReference } from "../json-path/reference.ts";
import { expressionIn, parseExpression } from "../jsonata/expression.ts";
import { topLevelReferences } from "../jsonata/references.ts";
import { parseTimestamp } from "../timestamp.ts";
import type { Json } from "../types.ts";
import { within, type Check, type Place } from "./findings.ts";

/** The largest number of seconds, or of items, that AWS takes. */
const most = 99_999_999;

export const anything: Check = () => undefined;

export const isText: Check = (value, { findings, location }) => {
  if (typeof value !== "string") findings.error(location, "Expected value of type [STRING]");
};

export const isBoolean: Check = (value, { findings, location }) => {
  if (typeof value !== "boolean") findings.error(location, "Expected value of type [BOOLEAN]");
};

export const isNumber: Check = (value, { findings, location }) => {
  if (typeof value !== "number") findings.error(location, "Expected value of type [FLOAT]");
};

/** One of some words. */
export function oneOf(...words: readonly string[]): Check {
  return (value, { findings, location }) => {
    if (typeof value === "string" && words.includes(value)) return;
    findings.error(location, `Value should be one of the following: [${words.join(", ")}]`);
  };
}

/** A whole number between two; in a JSONata state an expression as well. */
export function integer(least: number, largest = most): Check {
  return orExpression((value, { findings, location }) => {
    if (typeof value !== "number" || !Number.isInteger(value))
      findings.error(location, "Expected value of type [INTEGER]");
    else if (value < least || value > largest)
      findings.error(location, `Expected a value between ${least} and ${largest}`);
  });
}

/** A number between two; in a JSONata state an expression as well. */
export function between(least: number, largest = Infinity): Check {
  return orExpression((value, { findings, location }) => {
    if (typeof value !== "number") findings.error(location, "Expected value of type [FLOAT]");
    else if (value < least || value > largest)
      findings.error(location, `Expected a value between ${least} and ${largest}`);
  });
}

export const timestamp: Check = (value, place) => {
  if (place.language === "JSONata" && isExpression(value)) return jsonata(value, place);
  // RFC 3339 wants the seconds, which ISO 8601 may leave out.
  if (typeof value !== "string" || parseTimestamp(value) === undefined || !/:\d\d:\d\d/u.test(value)) {
    place.findings.error(place.location, "String does not match RFC3339 timestamp");
  }
};

/** A path into the input, the Context object or a variable. */
export const path: Check = (value, { findings, location }) => {
  if (typeof value !== "string" || !isPath(value)) findings.error(location, "Value is not a valid JSONPath");
};

export const pathOrNull: Check = (value, place) => {
  if (value !== null) path(value, place);
};

export const pathOrIntrinsic: Check = (value, { findings, location }) => {
  if (typeof value !== "string" || !(isPath(value) || isIntrinsic(value))) {
    findings.error(location, "The value must be a valid JSONPath or a valid intrinsic function call");
  }
};

/** ResultPath: a place in the input that can be written to, or null. */
export const resultPath: Check = (value, { findings, location }) => {
  if (value === null) return;
  const parsed = typeof value === "string" && isPath(value) ? parsePath(value) : undefined;
  if (parsed === undefined || parsed.root !== "$" || !isReference(parsed)) {
    findings.error(location, "Value is not a Reference Path");
  }
};

/** A Payload Template of JSONPath, or a value with expressions of JSONata. */
export const template: Check = (value, place) =>
  place.language === "JSONata" ? jsonata(value, place) : payload(value, place);

/** The same, but an object. */
export const objectTemplate: Check = (value, place) => {
  if (!isObject(value) && !(place.language === "JSONata" && isExpression(value))) {
    place.findings.error(place.location, "Expected value of type [OBJECT]");
  } else template(value, place);
};

function payload(value: Json, place: Place): void {
  if (Array.isArray(value)) for (const [index, item] of value.entries()) payload(item, within(place, index));
  if (!isObject(value)) return;
  const { findings, location } = place;
  for (const [key, item] of Object.entries(value)) {
    if (!key.endsWith(".$")) payload(item, within(place, key));
    else if (typeof item !== "string" || !(isPath(item) || isIntrinsic(item))) {
      findings.error(
        location,
        `The value for the field '${key}' must be a valid JSONPath or a valid intrinsic function call`,
      );
    } else if (Object.hasOwn(value, key.slice(0, -2))) {
      findings.error(location, `The field '${key.slice(0, -2)}' is given twice: as '${key}' and as it is`);
    }
  }
}

/** A value in which texts may be expressions. */
export function jsonata(value: Json, place: Place): void {
  if (Array.isArray(value)) for (const [index, item] of value.entries()) jsonata(item, within(place, index));
  else if (isObject(value)) for (const [key, item] of Object.entries(value)) jsonata(item, within(place, key));
  else if (typeof value === "string") jsonataText(value, place);
}

function jsonataText(text: string, { findings, location }: Place): void {
  const source = expressionIn(text);
  if (source === undefined) {
    if (text.startsWith("{%") || text.endsWith("%}")) {
      findings.error(location, "A JSONata expression stands between '{%' and '%}'");
    }
    return;
  }
  try {
    const [name] = topLevelReferences(parseExpression(source).ast());
    if (name !== undefined) findings.error(location, unsupported(name), "UNSUPPORTED_JSONATA_EXPRESSION");
  } catch (error) {
    findings.error(location, error instanceof Error ? error.message : String(error), "INVALID_JSONATA_EXPRESSION");
  }
}

function unsupported(name: string): string {
  return name === "$$"
    ? "Reference to '$$' is not supported."
    : `Reference to '${name}' at the top level is not supported.`;
}

/** A text, a path as `…Path` gives it apart; a JSONata expression in a JSONata state. */
export const textOrExpression: Check = (value, place) => {
  isText(value, place);
  if (place.language === "JSONata") jsonata(value, place);
};

/** A field that must hold an expression, or a value of a fixed kind. */
function orExpression(check: Check): Check {
  return (value, place) =>
    place.language === "JSONata" && isExpression(value) ? jsonata(value, place) : check(value, place);
}

export function isExpression(value: Json): boolean {
  return typeof value === "string" && expressionIn(value) !== undefined;
}

function isPath(source: string): boolean {
  return parses(() => parsePath(source));
}

function isIntrinsic(source: string): boolean {
  return parses(() => parseIntrinsic(source));
}

function parses(parse: () => unknown): boolean {
  try {
    parse();
    return true;
  } catch {
    return false;
  }
}
