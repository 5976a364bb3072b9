import { languageOf } from "../compile.ts";
import { isObject, parseJson } from "../json.ts";
import type { Diagnostic, Json, JsonObject } from "../types.ts";
import { Findings, within, type Place } from "./findings.ts";
import { processorConfig } from "./map.ts";
import { checkObject } from "./objects.ts";
import { checkState, transitionsOf } from "./states.ts";
import { anything, integer, isText, oneOf } from "./values.ts";

/** Everything that is wrong with a definition. */
export function checkMachine(definition: string | object, type: "STANDARD" | "EXPRESS"): readonly Diagnostic[] {
  const findings = new Findings();
  const machine = typeof definition === "string" ? readDefinition(definition, findings) : definition;
  if (machine === undefined) return findings.list;
  if (!isObject(machine)) {
    findings.error("", "Definition must be a valid JSON object");
    return findings.list;
  }
  const names = new Map<string, string>();
  const place: Place = { findings, location: "", language: languageOf(machine, "JSONPath"), type };
  checkObject(machine, place, {
    required: ["States", "StartAt"],
    fields: {
      StartAt: isText,
      States: anything,
      QueryLanguage: oneOf("JSONPath", "JSONata"),
      Version: oneOf("1.0"),
      TimeoutSeconds: integer(1),
    },
  });
  checkStates(machine, place, names);
  return findings.list;
}

/** What is wrong with a state that stands alone; where it goes on to is not asked. */
export function checkLoneState(definition: JsonObject): readonly Diagnostic[] {
  const findings = new Findings();
  const place: Place = { findings, location: "", language: languageOf(definition, "JSONPath"), type: "STANDARD" };
  checkState(definition, place, (value, inner) => checkNested(value, inner, new Map()));
  return findings.list;
}

function readDefinition(text: string, findings: Findings): Json | undefined {
  if (text.trim() === "") {
    findings.error("", "Definition must be a valid JSON object");
    return undefined;
  }
  try {
    return parseJson(text);
  } catch (error) {
    findings.error("", error instanceof Error ? error.message : String(error), "INVALID_JSON_DESCRIPTION");
    return undefined;
  }
}

/** A branch, or an item processor. */
function checkNested(value: Json, place: Place, names: Map<string, string>): void {
  if (!isObject(value)) return place.findings.error(place.location, "Expected value of type [OBJECT]");
  checkObject(value, place, {
    required: ["States", "StartAt"],
    fields: {
      StartAt: isText,
      States: anything,
      QueryLanguage: oneOf("JSONPath", "JSONata"),
      ProcessorConfig: processorConfig,
    },
  });
  checkStates(value, { ...place, language: languageOf(value, place.language), type: childType(value, place) }, names);
}

/** The children of a Distributed Map may be Express executions in a Standard machine. */
function childType({ ProcessorConfig: config }: JsonObject, { type }: Place): Place["type"] {
  const isExpress = isObject(config) && config["Mode"] === "DISTRIBUTED" && config["ExecutionType"] === "EXPRESS";
  return isExpress ? "EXPRESS" : type;
}

/** The states of a machine, a branch or an item processor, and the ways between them. */
function checkStates(graph: JsonObject, place: Place, names: Map<string, string>): void {
  const { findings } = place;
  const { States: states, StartAt: startAt } = graph;
  if (states === undefined) return;
  const at = within(place, "States");
  if (!isObject(states)) return findings.error(at.location, "Expected value of type [OBJECT]");
  for (const [name, state] of Object.entries(states)) {
    const here = within(at, name);
    checkName(name, here, names);
    if (isObject(state)) checkState(state, here, (value, inner) => checkNested(value, inner, names));
    else findings.error(here.location, "Expected value of type [OBJECT]");
  }
  if (typeof startAt === "string") checkWays(states, startAt, place);
}

function checkName(name: string, { findings, location }: Place, names: Map<string, string>): void {
  if (name.length > 80) findings.error(location, "A state's name has at most 80 characters");
  const other = names.get(name);
  if (other === undefined) names.set(name, location);
  else findings.error(location, `Duplicate state name: ${name} is also at ${other}`, "DUPLICATE_STATE_NAME");
}

function checkWays(states: JsonObject, startAt: string, place: Place): void {
  const { findings, location } = place;
  const reached = new Set<string>();
  const waiting: (readonly [target: string, from: string])[] = [[startAt, `${location}/StartAt`]];
  for (let way = waiting.pop(); way !== undefined; way = waiting.pop()) {
    const [name, from] = way;
    const state = Object.hasOwn(states, name) ? states[name] : undefined;
    if (state === undefined) findings.error(from, `Missing 'Next' target: ${name}`, "MISSING_TRANSITION_TARGET");
    if (!isObject(state) || reached.has(name)) continue;
    reached.add(name);
    const here = within(within(place, "States"), name).location;
    if (!endsOrGoesOn(state)) findings.error(here, "One of these fields is required: [Next, End]");
    waiting.push(...transitionsOf(state, here));
  }
  const unreachable = Object.keys(states).filter((name) => !reached.has(name));
  for (const name of unreachable) {
    const here = within(within(place, "States"), name).location;
    findings.error(here, `State "${name}" is not reachable.`, "MISSING_TRANSITION_TARGET");
  }
  const ends = [...reached].some((name) => isEnd(states[name]));
  if (reached.size > 0 && !ends)
    findings.error(location, "There is no state that ends the machine", "MISSING_END_STATE");
}

function endsOrGoesOn(state: JsonObject): boolean {
  const { Type: type, Next: next, End: end } = state;
  if (type === "Choice" || type === "Succeed" || type === "Fail") return true;
  return (next !== undefined) !== (end === true);
}

function isEnd(state: Json | undefined): boolean {
  return isObject(state) && (state["End"] === true || state["Type"] === "Succeed" || state["Type"] === "Fail");
}
