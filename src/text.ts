/** What a placeholder may stand for; an object, `null` or `undefined` would print as noise. */
export type Value = string | number | bigint | boolean;

/**
 * The names between single braces, read from left to right as {@link format} reads them:
 * `"{count} of {total}"` gives `"count" | "total"`. A brace that is never closed, and `{}`, give `Malformed`.
 */
export type PlaceholderNames<Template extends string, Found = never> = Template extends `${string}{${infer Tail}`
  ? Tail extends `{${infer Rest}`
    ? PlaceholderNames<Rest, Found>
    : Tail extends `${infer Name}}${infer Rest}`
      ? PlaceholderNames<Rest, Found | (Name extends "" | `${string}{${string}` ? Malformed : Name)>
      : Malformed
  : Found;

declare const malformed: unique symbol;
/** Stands among the names of a template that cannot be filled. */
type Malformed = typeof malformed;

/** `Template` itself where it can be checked: known literally, well formed, and the same names in each member of a union. */
type Checked<Template extends string, All = PlaceholderNames<Template>> = string extends Template
  ? never
  : Malformed extends All
    ? never
    : Template extends string
      ? [All] extends [PlaceholderNames<Template>]
        ? Template
        : never
      : never;

type ValuesOf<Names> = { readonly [Name in Extract<Names, string>]: Value };

/** The names given: indexes for a list, keys for an object. */
type GivenNames<Given> = Given extends readonly unknown[] ? Extract<keyof Given, `${number}`> : keyof Given;

/** `Given` without a name that the template lacks. */
type Exactly<Given, Names> = Given & { readonly [Name in Exclude<GivenNames<Given>, Names | NumberOf<Names>>]: never };

/** The key `0` that fills `{0}`. */
type NumberOf<Name> = Name extends `${infer Index extends number}` ? Index : never;

/**
 * Fills the placeholders of a message, by name from an object or by position from a list.
 *
 * A missing, misspelt or extra placeholder, and a value that is no {@link Value}, is a compile-time error.
 * A name may be used again; `{{` stands for `{` and `}}` for `}`.
 *
 * @throws {PlaceholderError} for callers without types.
 * @example format("{count} of {total}", { count: 1, total: 6 }) // "1 of 6"
 * @example format("{0} of {1}", [1, 6]) // "1 of 6"
 */
export function format<const Template extends string, const Values extends object | readonly Value[]>(
  template: Checked<Template> & Template,
  values: Values & ValuesOf<PlaceholderNames<Template>> & Exactly<Values, PlaceholderNames<Template>>,
): string {
  const given = new Map<string, unknown>(Object.entries(values));
  const used = new Set<string>();
  const text = template.replaceAll(/\{\{|\}\}|\{([^{}]*)\}|\{/gu, (found: string, name: string | undefined) => {
    if (found === "{{" || found === "}}") return found.charAt(0);
    if (name === undefined || name === "")
      throw new PlaceholderError(`"${template}" has a brace without a name: write {{ for a brace`);
    used.add(name);
    return textOf(name, given);
  });
  const extra = [...given.keys()].find((name) => !used.has(name));
  if (extra !== undefined) throw new PlaceholderError(`"${extra}" has no placeholder in "${template}"`);
  return text;
}

function textOf(name: string, given: ReadonlyMap<string, unknown>): string {
  if (!given.has(name)) throw new PlaceholderError(`{${name}} has no value; given: ${[...given.keys()].join(", ")}`);
  const value = given.get(name);
  if (typeof value === "string") return value;
  if (typeof value === "number" || typeof value === "bigint" || typeof value === "boolean") return String(value);
  const kind = value === null ? "null" : typeof value;
  throw new PlaceholderError(`{${name}} needs a string, number, bigint or boolean, not ${kind}`);
}

/** Control, direction and other invisible characters as escapes, so that what somebody sent stays on its line of a terminal. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cs}]/gu, (character) => {
    const point = (character.codePointAt(0) ?? 0).toString(16);
    return `\\u{${point}}`;
  });
}

/** A message and its values do not belong together: a defect of the caller. */
export class PlaceholderError extends TypeError {
  override readonly name = "PlaceholderError";
}

/** A number with its noun: `1 contract`, `2 contracts`. */
export function counted(count: number | bigint, noun: string): string {
  return `${String(count)} ${noun}${BigInt(count) === 1n ? "" : "s"}`;
}
