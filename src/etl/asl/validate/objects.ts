import { isObject } from "../json.ts";
import type { Json, JsonObject } from "../types.ts";
import { within, type Check, type Place } from "./findings.ts";

/** What an object may hold, and how. */
export type Shape = {
  readonly fields: Record<string, Check | undefined>;
  readonly required?: readonly string[];
  /** Of each list at most one may be there. */
  readonly exclusive?: readonly (readonly string[])[];
  /** Of each list one must be there. */
  readonly oneOf?: readonly (readonly string[])[];
  /** What is said of a field that may not be there. */
  readonly unsupported?: (name: string) => string;
};

/** Checks the fields of an object; `Comment` is welcome everywhere. */
export function checkObject(
  value: JsonObject,
  place: Place,
  { fields, required = [], exclusive = [], oneOf = [], unsupported = notSupported }: Shape,
): void {
  const { findings, location } = place;
  const missing = required.filter((name) => value[name] === undefined);
  if (missing.length > 0) findings.error(location, `These fields are required: [${missing.join(", ")}]`);
  for (const names of [...exclusive, ...oneOf]) {
    const given = names.filter((name) => value[name] !== undefined);
    if (given.length > 1) findings.error(location, `Only one of these fields is allowed: [${given.join(", ")}]`);
  }
  for (const names of oneOf) {
    if (names.every((name) => value[name] === undefined)) {
      findings.error(location, `One of these fields is required: [${names.join(", ")}]`);
    }
  }
  for (const [name, item] of Object.entries(value)) {
    if (name === "Comment") continue;
    const check = fields[name];
    if (check === undefined) findings.error(location, unsupported(name));
    else check(item, within(place, name));
  }
}

function notSupported(name: string): string {
  return `Field '${name}' is not supported`;
}

/** A field that is an object of a shape. */
export function object(shape: Shape | ((place: Place) => Shape)): Check {
  return (value, place) => {
    if (!isObject(value)) place.findings.error(place.location, "Expected value of type [OBJECT]");
    else checkObject(value, place, typeof shape === "function" ? shape(place) : shape);
  };
}

/** A field that is a list, each item of which is checked. */
export function list(check: Check, { least = 0 }: { readonly least?: number } = {}): Check {
  return (value: Json, place) => {
    if (!Array.isArray(value)) place.findings.error(place.location, "Expected value of type [ARRAY]");
    else if (value.length < least) place.findings.error(place.location, `Expected at least ${least} item(s)`);
    else for (const [index, item] of value.entries()) check(item, within(place, index));
  };
}
