import type { Diagnostic, JsonObject } from "./types.ts";

/** A definition that was checked; hand it to `execute`. */
export type Machine = {
  /** The definition as it was written. */
  readonly definition: JsonObject;
  readonly startAt: string;
};

/** Checks a definition and makes it ready to run; warnings alone do not refuse it. */
export function parseMachine(
  definition: string | object,
): { readonly machine: Machine } | { readonly diagnostics: readonly Diagnostic[] } {
  const diagnostics = validateMachine(definition);
  return { diagnostics };
}

/** Everything that is wrong with a definition, as AWS's ValidateStateMachineDefinition finds it. */
export function validateMachine(_definition: string | object): readonly Diagnostic[] {
  return [{ severity: "ERROR", code: "NOT_YET", message: "The interpreter is being written", location: "" }];
}
