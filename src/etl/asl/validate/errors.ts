import { isObject } from "../json.ts";
import type { Json, JsonObject } from "../types.ts";
import { assign } from "./assign.ts";
import type { Check, Place } from "./findings.ts";
import { list, object } from "./objects.ts";
import { between, integer, isText, oneOf, resultPath, template } from "./values.ts";

const errorEquals = list(isText, { least: 1 });

const retrier = object({
  required: ["ErrorEquals"],
  fields: {
    ErrorEquals: errorEquals,
    IntervalSeconds: integer(0),
    MaxAttempts: integer(0),
    BackoffRate: between(1),
    MaxDelaySeconds: integer(1, 31_622_400),
    JitterStrategy: oneOf("FULL", "NONE"),
  },
});

const catcher = object(({ language }) => ({
  required: ["ErrorEquals", "Next"],
  fields: {
    ErrorEquals: errorEquals,
    Next: isText,
    Assign: assign,
    ...(language === "JSONata" ? { Output: template } : { ResultPath: resultPath }),
  },
}));

export const retry: Check = (value, place) => {
  list(retrier)(value, place);
  checkAll(value, place);
};

export const catchers: Check = (value, place) => {
  list(catcher)(value, place);
  checkAll(value, place);
};

/** States.ALL stands alone, and in the last entry. */
function checkAll(value: Json, { findings, location }: Place): void {
  if (!Array.isArray(value)) return;
  for (const [index, entry] of value.filter(isObject).entries()) {
    const names = namesIn(entry);
    if (!names.includes("States.ALL")) continue;
    if (names.length > 1) findings.error(`${location}[${index}]/ErrorEquals`, "States.ALL must appear alone");
    if (index < value.length - 1)
      findings.error(`${location}[${index}]/ErrorEquals`, "States.ALL must be in the last entry");
  }
}

function namesIn(entry: JsonObject): Json[] {
  const { ErrorEquals: names } = entry;
  return Array.isArray(names) ? names : [];
}
