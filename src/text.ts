/** What a placeholder may stand for; an object or `undefined` would print as noise. */
export type Value = string | number | bigint | boolean;

type Trimmed<Text extends string> = Text extends `${infer Head}{{${infer Tail}` ? Trimmed<`${Head}${Tail}`> : Text;

/** The names between single braces: `"{count} of {total}"` gives `"count" | "total"`. */
export type PlaceholderNames<Template extends string> =
  Trimmed<Template> extends `${string}{${infer Name}}${infer Rest}` ? Name | PlaceholderNames<Rest> : never;

type ValuesOf<Template extends string> = { readonly [Name in PlaceholderNames<Template>]: Value };

type Exactly<Given, Wanted> = Given & { readonly [Name in Exclude<keyof Given, keyof Wanted>]: never };

/**
 * Fills the placeholders of a message.
 *
 * A missing, misspelt or extra name is a compile-time error; `{{` stands for a literal brace.
 *
 * @throws {PlaceholderError} for callers without types.
 * @example format("{count} of {total}", { count: 1, total: 6 }) // "1 of 6"
 */
export function format<const Template extends string, Values extends ValuesOf<Template>>(
  template: Template,
  values: Exactly<Values, ValuesOf<Template>>,
): string {
  const given = new Map<string, unknown>(Object.entries(values));
  const used = new Set<string>();
  const text = template.replace(/\{\{|\{([^{}]*)\}/gu, (_, name: string | undefined) => {
    if (name === undefined) return "{";
    used.add(name);
    return textOf(name, given.get(name));
  });
  const extra = [...given.keys()].find((name) => !used.has(name));
  if (extra !== undefined) throw new PlaceholderError(`"${extra}" has no placeholder in "${template}"`);
  return text;
}

function textOf(name: string, value: unknown): string {
  if (typeof value === "string") return value;
  if (typeof value === "number" || typeof value === "bigint" || typeof value === "boolean") return String(value);
  throw new PlaceholderError(`{${name}} needs a string, number, bigint or boolean, not ${typeof value}`);
}

export class PlaceholderError extends TypeError {
  override readonly name = "PlaceholderError";
}
