import { comparisons, typeTests } from "../choice/operators.ts";
import { isObject } from "../json.ts";
import type { Json, JsonObject } from "../types.ts";
import { assign } from "./assign.ts";
import type { Check, Place } from "./findings.ts";
import { checkObject, list } from "./objects.ts";
import { isBoolean, isExpression, isNumber, isText, jsonata, path, template, timestamp } from "./values.ts";

/** The rules of a Choice state. */
export const choices: Check = (value, place) => {
  list((rule, at) => (at.language === "JSONata" ? checkCondition(rule, at) : checkRule(rule, at, true)), { least: 1 })(
    value,
    place,
  );
};

function checkCondition(rule: Json, place: Place): void {
  if (!isObject(rule)) return place.findings.error(place.location, "Expected value of type [OBJECT]");
  checkObject(rule, place, {
    required: ["Condition", "Next"],
    fields: { Condition: condition, Next: isText, Output: template, Assign: assign },
  });
}

const condition: Check = (value, place) => {
  if (typeof value === "boolean") return;
  if (isExpression(value)) jsonata(value, place);
  else place.findings.error(place.location, "Expected a JSONata expression");
};

function checkRule(rule: Json, place: Place, top: boolean): void {
  if (!isObject(rule)) return place.findings.error(place.location, "Expected value of type [OBJECT]");
  if (top && rule["Next"] === undefined) place.findings.error(place.location, "These fields are required: [Next]");
  const outer = top ? { Next: isText, Assign: assign } : {};
  const nested = list((inner, at) => checkRule(inner, at, false), { least: 1 });
  if ("And" in rule) return checkObject(rule, place, { fields: { And: nested, ...outer } });
  if ("Or" in rule) return checkObject(rule, place, { fields: { Or: nested, ...outer } });
  if ("Not" in rule)
    return checkObject(rule, place, { fields: { Not: (inner, at) => checkRule(inner, at, false), ...outer } });
  checkComparison(rule, place, outer);
}

function checkComparison(rule: JsonObject, place: Place, outer: Record<string, Check>): void {
  const operators = Object.keys(rule).filter((name) => operatorChecks.has(name));
  if (operators.length !== 1) {
    place.findings.error(place.location, `Expected one comparison operator, found ${operators.length}`);
  }
  checkObject(rule, place, {
    required: ["Variable"],
    fields: { Variable: path, ...outer, ...Object.fromEntries(operatorChecks) },
  });
}

function expectedOf(operator: string): Check {
  if (operator.startsWith("String")) return isText;
  if (operator.startsWith("Numeric")) return isNumber;
  return operator.startsWith("Timestamp") ? timestamp : isBoolean;
}

const operatorChecks: ReadonlyMap<string, Check> = new Map<string, Check>([
  ...[...comparisons.keys()].flatMap((name): [string, Check][] => [
    [name, expectedOf(name)],
    [`${name}Path`, path],
  ]),
  ...[...typeTests.keys(), "IsPresent"].map((name): [string, Check] => [name, isBoolean]),
]);
