import { compileGraph, languageOf } from "./compile.ts";
import { numberField } from "./fields.ts";
import { isObject, parseJson } from "./json.ts";
import type { StateGraph } from "./state.ts";
import type { Diagnostic, JsonObject } from "./types.ts";

/** A definition that was checked and made ready; hand it to `execute`. */
export type Machine = {
  /** The definition as it was written. */
  readonly definition: JsonObject;
  readonly timeoutSeconds: number | undefined;
  readonly graph: StateGraph;
};

/** Checks a definition and makes it ready to run; warnings alone do not refuse it. */
export function parseMachine(
  definition: string | object,
): { readonly machine: Machine } | { readonly diagnostics: readonly Diagnostic[] } {
  const d = typeof definition === "string" ? parseJson(definition) : definition;
  if (!isObject(d)) return { diagnostics: [] };
  return {
    machine: {
      definition: d,
      timeoutSeconds: numberField(d, "TimeoutSeconds"),
      graph: compileGraph(d, languageOf(d, "JSONPath")),
    },
  };
}
