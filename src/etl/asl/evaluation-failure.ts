import type { Visit } from "./execution.ts";
import { placedIn, type StatesError } from "./failure.ts";

/** Tells of an expression that failed, once for each try. */
export function addEvaluationFailure(visit: Visit, failure: StatesError): void {
  const { branch, state } = visit;
  const { error = "", failureCause: cause = "" } = placedIn(failure, visit);
  branch.execution.history.add(branch, "EvaluationFailed", () => ({
    evaluationFailedEventDetails: { error, cause, location: failure.location ?? "", state },
  }));
}
