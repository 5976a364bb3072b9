import type { Visit } from "../execution.ts";
import { queryError, runtimeError } from "../failure.ts";
import { textField } from "../fields.ts";
import { numberIn } from "../json.ts";
import { compileJsonPathFlow } from "../json-path-flow.ts";
import { lookupPath } from "../json-path/evaluate.ts";
import { parsePath } from "../json-path/parse.ts";
import { compileTypedJsonata } from "../jsonata/typed.ts";
import { compileJsonataFlow } from "../jsonata-flow.ts";
import type { Scope } from "../scope.ts";
import { sleep } from "../sleep.ts";
import type { CompileState } from "../state.ts";
import { parseTimestamp } from "../timestamp.ts";
import type { Json, JsonObject } from "../types.ts";

/** Until when a Wait state waits, in milliseconds of the clock. */
type Until = (scope: Scope, nowMs: number) => Promise<number> | number;

/** The longest wait AWS takes, in seconds. */
const longestSeconds = 2_147_483_647;

/** Wait: goes on after some seconds, or at a time. */
export const compileWait: CompileState = (definition, { language }) => {
  if (language === "JSONata") {
    const flow = compileJsonataFlow(definition);
    const until = compileJsonataUntil(definition);
    return async (visit) => {
      await waitUntil(visit, until, visit.input);
      return flow.leave(visit);
    };
  }
  const flow = compileJsonPathFlow(definition, ["afterInputPath"]);
  const until = compileJsonPathUntil(definition);
  return async (visit) => {
    const input = flow.enter(visit);
    await waitUntil(visit, until, input);
    return flow.leave(visit, { result: input, assignFrom: input });
  };
};

async function waitUntil(visit: Visit, until: Until, input: Json): Promise<void> {
  const { branch } = visit;
  const { clock } = branch.execution.options;
  const now = clock.now();
  const ms = (await until(visit.scope(input), now)) - now;
  if (ms > longestSeconds * 1000) throw runtimeError("Wait state delay is too long.");
  if (ms <= 0) return;
  await sleep(branch, ms);
}

function compileJsonataUntil(definition: JsonObject): Until {
  const { Seconds: seconds, Timestamp: timestamp } = definition;
  if (seconds !== undefined) {
    const evaluate = compileTypedJsonata(seconds, "Seconds", "integer");
    return async (scope, now) => {
      const value = Number(await evaluate(scope));
      if (value < 0) throw queryError(`The Seconds field references a negative value: ${value}`, "Seconds");
      return now + value * 1000;
    };
  }
  const evaluate = compileTypedJsonata(timestamp ?? null, "Timestamp", "string");
  return async (scope) => {
    const value = await evaluate(scope);
    const ms = typeof value === "string" ? parseTimestamp(value) : undefined;
    if (ms === undefined) {
      throw queryError(
        `The Timestamp field cannot be parsed as an ISO-8601 extended offset date-time format string: ${shown(value)}`,
        "Timestamp",
      );
    }
    return ms;
  };
}

function compileJsonPathUntil(definition: JsonObject): Until {
  const { Seconds: seconds, Timestamp: timestamp } = definition;
  if (typeof seconds === "number") return (_, now) => now + seconds * 1000;
  if (typeof timestamp === "string") return () => parseTimestamp(timestamp) ?? 0;
  const secondsPath = textField(definition, "SecondsPath");
  if (secondsPath !== undefined) {
    const lookup = compileLookup("SecondsPath", secondsPath);
    return (scope, now) => now + secondsOf(lookup(scope), secondsPath) * 1000;
  }
  const timestampPath = textField(definition, "TimestampPath") ?? "$";
  const lookup = compileLookup("TimestampPath", timestampPath);
  return (scope) => {
    const value = lookup(scope);
    const ms = typeof value === "string" ? parseTimestamp(value) : undefined;
    if (ms !== undefined) return ms;
    throw runtimeError(
      `The TimestampPath parameter does not reference a valid ISO-8601 extended offset date-time format string: ${timestampPath} == ${shown(value)}`,
    );
  };
}

function compileLookup(field: string, source: string): (scope: Scope) => Json {
  const path = parsePath(source);
  return (scope) => {
    const value = lookupPath(path, scope);
    if (value === undefined) throw runtimeError(`The ${field} parameter does not reference an input value: ${source}`);
    return value;
  };
}

function secondsOf(value: Json, path: string): number {
  const shownPair = `${path} == ${shown(value)}`;
  const seconds = numberIn(value);
  if (seconds === undefined || !Number.isInteger(seconds)) {
    throw runtimeError(`The SecondsPath parameter cannot be parsed as a long value: ${shownPair}`);
  }
  if (seconds < 0) throw runtimeError(`The SecondsPath parameter references a negative value: ${shownPair}`);
  return seconds;
}

function shown(value: Json): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
