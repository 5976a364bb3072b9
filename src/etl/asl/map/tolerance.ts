import { queryError, runtimeError, StatesError } from "../failure.ts";
import type { QueryLanguage, Scope } from "../scope.ts";
import type { JsonObject } from "../types.ts";
import { compileMapNumber } from "./numbers.ts";

/** How many child executions of a Distributed Map may fail. */
export type Tolerance = {
  readonly count: number | undefined;
  readonly percentage: number | undefined;
};

export function compileTolerance(
  definition: JsonObject,
  language: QueryLanguage,
): (scope: Scope) => Promise<Tolerance> {
  const count = compileMapNumber(definition, { field: "ToleratedFailureCount", language });
  const percentage = compileMapNumber(definition, { field: "ToleratedFailurePercentage", language, kind: "float" });
  const refuse = language === "JSONata" ? queryError : runtimeError;
  return async (scope) => {
    const tolerance = { count: await count(scope), percentage: await percentage(scope) };
    if (tolerance.count !== undefined && tolerance.count < 0) throw refuse("ToleratedFailureCount cannot be negative.");
    if (tolerance.percentage !== undefined && !(tolerance.percentage >= 0 && tolerance.percentage <= 100)) {
      throw refuse("ToleratedFailurePercentage must be between 0 and 100.");
    }
    return tolerance;
  };
}

/** True once more have failed than a Map run of `total` may bear. */
export function isExceeded(
  { count, percentage }: Tolerance,
  { failed, total }: { failed: number; total: number },
): boolean {
  if (failed === 0) return false;
  if (count === undefined && percentage === undefined) return true;
  return (count !== undefined && failed > count) || (percentage !== undefined && (failed / total) * 100 > percentage);
}

export function thresholdExceeded(): StatesError {
  return new StatesError({
    error: "States.ExceedToleratedFailureThreshold",
    cause: "The specified tolerated failure threshold was exceeded",
    placed: true,
  });
}
