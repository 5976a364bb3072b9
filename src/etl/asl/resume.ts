import { isObject, parseJson } from "./json.ts";
import type { Machine } from "./parse.ts";
import type { HistoryEvent, Json, JsonObject, ResumePoint } from "./types.ts";

/**
 * Where an execution that failed, or was cut off, goes on; read from its history.
 * A state that had begun is begun again, with the input and the variables it had.
 *
 * @returns `undefined` where there is nothing to go on with: no events, or an execution that reached its end
 */
export function resumePoint(machine: Machine, history: readonly HistoryEvent[]): ResumePoint | undefined {
  const last = history.at(-1);
  if (last === undefined || history.some(({ type }) => type === "ExecutionSucceeded")) return undefined;
  const top = followTop(machine, history);
  const { state, input } = top.open ?? top.next ?? {};
  if (state === undefined || input === undefined) return undefined;
  const redriveCount = history.filter(({ type }) => type === "ExecutionRedriven").length + 1;
  return { state, input, variables: top.variables, lastEventId: last.id, redriveCount };
}

type Step = { readonly state: string; readonly input: Json };

type Top = {
  /** The state of the top level that was entered and not left. */
  readonly open: Step | undefined;
  /** Where the last one that was left goes on to, when the history ends between two states. */
  readonly next: Step | undefined;
  readonly variables: JsonObject;
};

/** Follows the states of the top level; those within a Parallel or Map come between its own events. */
function followTop(machine: Machine, history: readonly HistoryEvent[]): Top {
  let top: Top = { open: undefined, next: firstStep(machine, history), variables: {} };
  for (const event of history) {
    const { stateEnteredEventDetails: entered, stateExitedEventDetails: exited } = event;
    if (event.type === "ExecutionRedriven") top = { ...top, open: undefined };
    if (entered !== undefined && top.open === undefined) {
      top = { ...top, open: { state: textOf(entered["name"]), input: jsonOf(entered["input"]) } };
    }
    if (exited !== undefined && top.open !== undefined && exited["name"] === top.open.state) {
      const variables = { ...top.variables, ...assignedIn(exited) };
      top = {
        open: undefined,
        next: nextStep(machine, top.open, { history, event, output: jsonOf(exited["output"]) }),
        variables,
      };
    }
  }
  return top;
}

function firstStep({ graph }: Machine, history: readonly HistoryEvent[]): Step | undefined {
  const started = history.find(({ type }) => type === "ExecutionStarted")?.["executionStartedEventDetails"];
  return started === undefined ? undefined : { state: graph.startAt, input: jsonOf(started["input"]) };
}

type Exit = { readonly history: readonly HistoryEvent[]; readonly event: HistoryEvent; readonly output: Json };

/** A Choice decides anew, a state whose failure was caught runs anew; every other state goes on to its Next. */
function nextStep({ definition }: Machine, left: Step, { history, event, output }: Exit): Step | undefined {
  const { States: states } = definition;
  const state = isObject(states) ? states[left.state] : undefined;
  if (!isObject(state)) return undefined;
  const before = history.find(({ id }) => id === event.previousEventId)?.type ?? "";
  if (state["Type"] === "Choice" || /Failed$|TimedOut$/u.test(before)) return left;
  const { Next: next } = state;
  return typeof next === "string" ? { state: next, input: output } : undefined;
}

function assignedIn({ assignedVariables: assigned }: JsonObject): JsonObject {
  if (!isObject(assigned)) return {};
  return Object.fromEntries(Object.entries(assigned).map(([name, text]) => [name, jsonOf(text)]));
}

function textOf(value: Json | undefined): string {
  return typeof value === "string" ? value : "";
}

function jsonOf(value: Json | undefined): Json {
  return typeof value === "string" ? parseJson(value) : null;
}
