import { Visit, type Branch, type Inspection } from "./execution.ts";
import { addEvaluationFailure } from "./evaluation-failure.ts";
import { placedIn, runtimeError, StatesError, StoppedError } from "./failure.ts";
import { exceedsPayloadLimit } from "./json.ts";
import type { Outcome, State, StateGraph } from "./state.ts";
import type { Json, JsonObject } from "./types.ts";

/**
 * Goes through the states of a graph to its end.
 *
 * @param startAt where to begin, if not at the graph's own start
 * @throws {StatesError} what the branch failed with
 * @throws {StoppedError} when it was stopped
 */
export async function runGraph(
  { states, startAt }: StateGraph,
  branch: Branch,
  { input, startAt: from }: Start,
): Promise<Json> {
  let name: string | undefined = from ?? startAt;
  let data = input;
  for (let steps = 1; name !== undefined; steps += 1) {
    // An endless loop of states that never wait must not keep timers and signals from being heard.
    if (steps % 1_000 === 0) await new Promise((resolve) => setImmediate(resolve));
    branch.cancellation.check();
    const state = states.get(name);
    if (state === undefined) throw runtimeError(`There is no state '${name}'`);
    const { output, next } = await runState(state, branch, data);
    data = output;
    name = next;
  }
  return data;
}

type Start = { readonly input: Json; readonly startAt?: string | undefined };

/** One state, from its Entered event to its Exited event. */
export async function runState(state: State, branch: Branch, input: Json, inspection?: Inspection): Promise<Outcome> {
  const visit = new Visit({
    branch,
    state: state.name,
    input,
    enteredEventId: addEntered(state, branch, input),
    inspection,
  });
  try {
    const outcome = await state.run(visit);
    if (outcome.output !== visit.weighed && exceedsPayloadLimit(outcome.output)) throw tooLarge(state.name);
    if (outcome.assigned !== undefined && exceedsPayloadLimit(outcome.assigned)) throw tooMuchAssigned(state.name);
    if (outcome.assigned !== undefined) branch.variables = { ...branch.variables, ...outcome.assigned };
    addExited(state, branch, outcome);
    return outcome;
  } catch (error) {
    if (error instanceof StoppedError && takesTime.has(state.type)) addAborted(state, branch);
    if (!(error instanceof StatesError)) throw error;
    if (error.location !== undefined && !error.placed) addEvaluationFailure(visit, error);
    throw placedIn(error, visit);
  }
}

/** The types of states that can be stopped in the middle. */
const takesTime: ReadonlySet<State["type"]> = new Set<State["type"]>(["Task", "Wait", "Parallel", "Map"]);

function addEntered({ name, type }: State, branch: Branch, input: Json): number {
  const { history } = branch.execution;
  if (!history.listens) return history.skip(branch);
  return history.add(branch, `${type}StateEntered`, () => ({
    stateEnteredEventDetails: { name, input: JSON.stringify(input), inputDetails: { truncated: false } },
  }));
}

function addExited({ name, type }: State, branch: Branch, { output, assigned }: Outcome): number {
  const { history } = branch.execution;
  if (!history.listens) return history.skip(branch);
  return history.add(branch, `${type}StateExited`, () => ({
    stateExitedEventDetails: {
      name,
      output: JSON.stringify(output),
      outputDetails: { truncated: false },
      ...assignedDetails(assigned),
    },
  }));
}

function assignedDetails(assigned: JsonObject | undefined): JsonObject {
  if (assigned === undefined) return {};
  return {
    assignedVariables: Object.fromEntries(
      Object.entries(assigned).map(([name, value]) => [name, JSON.stringify(value)]),
    ),
    assignedVariablesDetails: { truncated: false },
  };
}

/** The state was cut short from outside, or by a branch beside its own. */
function addAborted({ type }: State, branch: Branch): void {
  const { cut } = branch.cancellation;
  if (cut?.isSilent === true) return;
  branch.onCut?.();
  branch.lastEventId = cut?.lastEventId ?? branch.lastEventId;
  branch.execution.history.add(branch, `${type}StateAborted`);
}

/** A terminal error: no Catch of the state sees it. */
function tooLarge(state: string): StatesError {
  return new StatesError({
    error: "States.DataLimitExceeded",
    cause: `The state/task '${state}' returned a result with a size exceeding the maximum number of bytes service limit.`,
    placed: true,
  });
}

/** AWS allows the variables of one Assign what it allows a payload. */
function tooMuchAssigned(state: string): StatesError {
  return new StatesError({
    error: "States.DataLimitExceeded",
    cause: `The Assign field of the state/task '${state}' exceeds the maximum number of bytes service limit.`,
    placed: true,
  });
}
