import type { QueryLanguage } from "../scope.ts";
import type { Diagnostic, Json } from "../types.ts";

/** Gathers what is wrong with a definition. */
export class Findings {
  readonly list: Diagnostic[] = [];

  error(location: string, message: string, code = "SCHEMA_VALIDATION_FAILED"): void {
    this.list.push({ severity: "ERROR", code, message, location: location === "" ? "/" : location });
  }

  warning(location: string, message: string, code: string): void {
    this.list.push({ severity: "WARNING", code, message, location });
  }
}

/** Where a check stands. */
export type Place = {
  readonly findings: Findings;
  /** The way to the value as AWS writes it: `/States/Choose/Choices[0]/Next`. */
  readonly location: string;
  readonly language: QueryLanguage;
  readonly type: "STANDARD" | "EXPRESS";
};

/** Looks at the value of a field. */
export type Check = (value: Json, place: Place) => void;

/** The place of a member, or of an item. */
export function within(place: Place, name: string | number): Place {
  const part = typeof name === "number" ? `[${name}]` : `/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`;
  return { ...place, location: `${place.location}${part}` };
}
