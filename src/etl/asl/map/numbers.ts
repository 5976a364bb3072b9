import { runtimeError } from "../failure.ts";
import { textField } from "../fields.ts";
import { numberIn } from "../json.ts";
import { compileTypedJsonata } from "../jsonata/typed.ts";
import type { QueryLanguage, Scope } from "../scope.ts";
import { compilePath } from "../template.ts";
import type { JsonObject } from "../types.ts";

/** A number of a Map state: given, from a path, or from an expression. */
export type MapNumber = (scope: Scope) => Promise<number | undefined>;

type Kind = "integer" | "float";

/** `MaxConcurrency` with `MaxConcurrencyPath`, and the like. */
export function compileMapNumber(
  definition: JsonObject,
  {
    field,
    language,
    within,
    kind = "integer",
  }: {
    readonly field: string;
    readonly language: QueryLanguage;
    /** The object of the state that holds the field, as AWS's causes name places: `ItemReader/ReaderConfig`. */
    readonly within?: string;
    readonly kind?: Kind;
  },
): MapNumber {
  const { [field]: fixed } = definition;
  if (typeof fixed === "number") return async () => fixed;
  if (language === "JSONata") {
    if (fixed === undefined) return async () => undefined;
    const place = within === undefined ? field : `${within}/${field}`;
    const evaluate = compileTypedJsonata(fixed, place, kind === "integer" ? "integer" : "number");
    return async (scope) => Number(await evaluate(scope));
  }
  const source = textField(definition, `${field}Path`);
  if (source === undefined) return async () => undefined;
  const path = compilePath(source);
  return async (scope) => {
    const value = path(scope);
    const number = numberIn(value);
    if (number !== undefined && (kind === "float" || Number.isInteger(number))) return number;
    const shown = typeof value === "string" ? value : JSON.stringify(value);
    throw runtimeError(`The ${field}Path field refers to value "${shown}" which is not a valid ${kind}: ${source}`);
  };
}
