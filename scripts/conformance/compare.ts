import { isDeepStrictEqual } from "node:util";

/** A text that begins with a brace and is JSON becomes that JSON, all the way down: so the recordings were made. */
export function normalise(value: unknown): unknown {
  if (typeof value === "string" && value.startsWith("{")) {
    try {
      return normalise(JSON.parse(value));
    } catch {
      return value;
    }
  }
  if (Array.isArray(value)) return value.map(normalise);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, normalise(item)]));
}

/** Whether a value is the recorded one, both normalised; `wildcards` are recorded texts that stand for anything. */
export function matches(actual: unknown, expected: unknown, wildcards: ReadonlySet<string>): boolean {
  if (typeof expected === "string") return matchesText(actual, expected, wildcards);
  if (Array.isArray(expected)) {
    return (
      Array.isArray(actual) &&
      actual.length === expected.length &&
      expected.every((item, index) => matches(actual[index], item, wildcards))
    );
  }
  if (typeof expected !== "object" || expected === null) return isDeepStrictEqual(actual, expected);
  if (typeof actual !== "object" || actual === null || Array.isArray(actual)) return false;
  const [left, right] = [new Map(Object.entries(actual)), new Map(Object.entries(expected))];
  return (
    left.size === right.size &&
    [...right].every(([key, item]) => left.has(key) && matches(left.get(key), item, wildcards))
  );
}

function matchesText(actual: unknown, expected: string, wildcards: ReadonlySet<string>): boolean {
  if (wildcards.has(expected) || expected === "date" || expected === "timestamp") return true;
  if (Array.isArray(actual) && expected.startsWith("[")) return matches(actual, JSON.parse(expected), wildcards);
  if (typeof actual !== "string") return /^<[^<>]*>$/u.test(expected);
  if (actual === expected) return true;
  if (!expected.includes("<")) return false;
  const pattern = expected.split(/<[^<>]*>/u).map((part) => RegExp.escape(part));
  return new RegExp(`^${pattern.join("[^]*")}$`, "u").test(actual);
}
