import { compileGraph, languageOf } from "./compile.ts";
import { numberField } from "./fields.ts";
import { isObject, parseJson } from "./json.ts";
import type { StateGraph } from "./state.ts";
import type { Diagnostic, JsonObject } from "./types.ts";
import { checkMachine } from "./validate/machine.ts";

/** A definition that was checked and made ready; hand it to `execute`. */
export type Machine = {
  /** The definition as it was written. */
  readonly definition: JsonObject;
  readonly timeoutSeconds: number | undefined;
  readonly graph: StateGraph;
};

type ParseOptions = {
  /** EXPRESS refuses what an Express state machine cannot do; STANDARD by default. */
  readonly type?: "STANDARD" | "EXPRESS";
};

/**
 * Checks a definition and makes it ready to run; warnings alone do not refuse it.
 *
 * @example const parsed = parseMachine(text); if ("machine" in parsed) await execute(parsed.machine, options);
 */
export function parseMachine(
  definition: string | object,
  options: ParseOptions = {},
): { readonly machine: Machine } | { readonly diagnostics: readonly Diagnostic[] } {
  const diagnostics = validateMachine(definition, options);
  const json: unknown = typeof definition === "string" && diagnostics.length === 0 ? parseJson(definition) : definition;
  if (!isObject(json) || diagnostics.some(({ severity }) => severity === "ERROR")) return { diagnostics };
  const graph = compileGraph(json, languageOf(json, "JSONPath"));
  return { machine: { definition: json, timeoutSeconds: numberField(json, "TimeoutSeconds"), graph } };
}

/** Everything that is wrong with a definition, in the words of AWS's ValidateStateMachineDefinition where they are known. */
export function validateMachine(
  definition: string | object,
  { type = "STANDARD" }: ParseOptions = {},
): readonly Diagnostic[] {
  return checkMachine(definition, type);
}
