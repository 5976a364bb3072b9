import * as z from "zod";

import { isObject, parseJson } from "../asl/json.ts";
import type { HistoryEvent, JsonObject, ResumePoint } from "../asl/types.ts";

type Visit = {
  readonly state: string;
  readonly type: string;
  readonly input: string;
  readonly variables: JsonObject;
  failed: boolean;
};

/**
 * Where a run goes on that was interrupted or failed: at the last state of the top level that it entered.
 *
 * A run that ended in a Fail state goes on at the state whose caught error led there; AWS would only fail once more.
 *
 * @returns `undefined` where no state was entered: start from the beginning.
 */
export function pointOf(definition: JsonObject, history: readonly HistoryEvent[]): ResumePoint | undefined {
  const states = definition["States"];
  const isTop = (name: string) => isObject(states) && Object.hasOwn(states, name);
  const visits: Visit[] = [];
  let variables: JsonObject = {};
  for (const event of history) {
    const entered = stateSchema.safeParse(event["stateEnteredEventDetails"]);
    const exited = stateSchema.safeParse(event["stateExitedEventDetails"]);
    const visit = visits.at(-1);
    if (entered.success && isTop(entered.data.name)) {
      const { name, input = "{}" } = entered.data;
      visits.push({ state: name, type: event.type, input, variables, failed: false });
    } else if (exited.success && isTop(exited.data.name)) {
      variables = { ...variables, ...assigned(exited.data.assignedVariables) };
    } else if (visit !== undefined && /Failed$|TimedOut$/u.test(event.type)) visit.failed = true;
    else if (visit !== undefined && event.type.endsWith("Succeeded")) visit.failed = false;
  }
  const last = visits.at(-1);
  const visit =
    last?.type === "FailStateEntered" ? (visits.slice(0, -1).findLast(({ failed }) => failed) ?? last) : last;
  if (visit === undefined) return undefined;
  return {
    state: visit.state,
    input: parseJson(visit.input),
    variables: visit.variables,
    lastEventId: history.reduce((last, { id }) => Math.max(last, id), 0),
    redriveCount: history.filter(({ type }) => type === "ExecutionRedriven").length + 1,
  };
}

const stateSchema = z.object({
  name: z.string(),
  input: z.string().optional(),
  assignedVariables: z.record(z.string(), z.string()).optional(),
});

/** AWS keeps each variable as JSON text. */
function assigned(variables: Readonly<Record<string, string>> = {}): JsonObject {
  return Object.fromEntries(Object.entries(variables).map(([name, text]) => [name, parseJson(text)]));
}
