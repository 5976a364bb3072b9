import { compileJsonata } from "./jsonata/expression.ts";
import type { QueryLanguage, Scope } from "./scope.ts";
import { isObject } from "./json.ts";
import { compileTemplate } from "./template.ts";
import type { Json, JsonObject } from "./types.ts";

/** Evaluates an Assign field; all of it sees the variables as they were before. */
export type Assign = (scope: Scope) => Promise<JsonObject | undefined>;

/** @param field its place in the state, for the cause of a failure */
export function compileAssign(template: Json | undefined, language: QueryLanguage, field = "Assign"): Assign {
  if (!isObject(template)) return noAssign;
  const evaluate = language === "JSONata" ? compileJsonata(template, field) : compileTemplate(template);
  return async (scope) => {
    const assigned = await evaluate(scope);
    return isObject(assigned) ? assigned : undefined;
  };
}

async function noAssign(): Promise<undefined> {
  return undefined;
}
