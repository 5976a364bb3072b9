import type { Json } from "../types.ts";

/** Says whether an item stays; `root` is what `$` means inside the filter. */
export type Predicate = (item: Json, root: Json) => boolean;

/** One step of a path. */
export type Token =
  | { readonly kind: "property"; readonly names: readonly string[] }
  | { readonly kind: "index"; readonly indexes: readonly number[] }
  | { readonly kind: "slice"; readonly from: number | undefined; readonly to: number | undefined }
  | { readonly kind: "wildcard" }
  | { readonly kind: "scan" }
  | { readonly kind: "filter"; readonly source: string; readonly predicate: Predicate }
  /** `.length()` */
  | { readonly kind: "length" };

/** A parsed path: where it starts and the steps from there. */
export type Path = {
  readonly source: string;
  /** `$` the input, `$$` the Context object, or the name of a variable. */
  readonly root: "$" | "$$" | { readonly variable: string };
  readonly tokens: readonly Token[];
  /** `length()` at the end of `$..`: of all that the path finds, and not of each of it. */
  readonly counts?: true;
  /** Several names that stand before its end: AWS evaluates no such path. */
  readonly branches?: { readonly at: number; readonly names: readonly string[] };
  /** It can only name one place; otherwise its value is a list of what it found. */
  readonly definite: boolean;
};

/** A token as Jayway's JsonPath prints it, which AWS uses. */
function printToken(token: Token): string {
  switch (token.kind) {
    case "property":
      return `[${token.names.map((name) => `'${name}'`).join(",")}]`;
    case "index":
      return `[${token.indexes.join(",")}]`;
    case "slice":
      return `[${token.from ?? ""}:${token.to ?? ""}]`;
    case "wildcard":
      return "[*]";
    case "scan":
      return "..";
    case "filter":
      return "[?]";
    case "length":
      return ".length()";
  }
}

/** The way to a token of a path, itself included. */
export function printUpTo(path: Path, count: number): string {
  return ["$", ...path.tokens.slice(0, count).map(printToken)].join("");
}
