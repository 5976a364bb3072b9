import { equalJson, isObject } from "../json.ts";
import type { Json } from "../types.ts";
import { findAll } from "./find.ts";
import type { Reader } from "./reader.ts";
import type { Path, Predicate } from "./tokens.ts";

/** What an operand came to: a value, or nothing. */
type Operand = { readonly value: (item: Json, root: Json) => Json | undefined; readonly isPath: boolean };

/** Reads a path inside a filter; `parse.ts` hands it in, for it uses this file. */
type ReadPath = (reader: Reader, root: "@" | "$", name: RegExp) => Path;

/** Reads `(@.price < 10 && @.title)` after the question mark. */
export function parsePredicate(reader: Reader, readPath: ReadPath): Predicate {
  reader.spaces();
  reader.expect("(");
  const predicate = readOr(reader, readPath);
  reader.spaces();
  reader.expect(")");
  return predicate;
}

function readOr(reader: Reader, readPath: ReadPath): Predicate {
  const parts = [readAnd(reader, readPath)];
  for (reader.spaces(); reader.take("||"); reader.spaces()) parts.push(readAnd(reader, readPath));
  return (item, root) => parts.some((part) => part(item, root));
}

function readAnd(reader: Reader, readPath: ReadPath): Predicate {
  const parts = [readNot(reader, readPath)];
  for (reader.spaces(); reader.take("&&"); reader.spaces()) parts.push(readNot(reader, readPath));
  return (item, root) => parts.every((part) => part(item, root));
}

function readNot(reader: Reader, readPath: ReadPath): Predicate {
  reader.spaces();
  if (reader.take("!")) {
    const negated = readNot(reader, readPath);
    return (item, root) => !negated(item, root);
  }
  if (reader.take("(")) {
    const inner = readOr(reader, readPath);
    reader.spaces();
    reader.expect(")");
    return inner;
  }
  return readComparison(reader, readPath);
}

function readComparison(reader: Reader, readPath: ReadPath): Predicate {
  const left = readOperand(reader, readPath);
  reader.spaces();
  const operator = reader.match(
    /===|!==|==|!=|<=|>=|=~|<|>|(?:in|nin|contains|all|size|empty|anyof|noneof|subsetof)\b/iy,
  );
  if (operator === "") {
    return (item, root) => {
      const value = left.value(item, root);
      return left.isPath ? value !== undefined : value === true;
    };
  }
  reader.spaces();
  if (operator === "=~") {
    const expression = readExpression(reader);
    const whole = new RegExp(`^(?:${expression.source})$`, expression.flags);
    return (item, root) => matchesAny(left.value(item, root), whole);
  }
  const right = readOperand(reader, readPath);
  const compare = comparison(operator.toLowerCase());
  return (item, root) => compare(left.value(item, root), right.value(item, root));
}

function readExpression(reader: Reader): RegExp {
  const text = reader.match(/\/(?:[^/\\]|\\.)+\/[a-z]*/y);
  const end = text.lastIndexOf("/");
  if (end <= 0) throw reader.error("expected a regular expression");
  try {
    return new RegExp(text.slice(1, end), text.slice(end + 1));
  } catch {
    throw reader.error("not a regular expression");
  }
}

function readOperand(reader: Reader, readPath: ReadPath): Operand {
  reader.spaces();
  const next = reader.peek();
  if (next === "@" || next === "$") {
    const path = readPath(reader, next, /[^.[\]()\s,'"=!<>&|]+/y);
    const from = next === "@" ? (item: Json) => item : (_: Json, root: Json) => root;
    return {
      isPath: true,
      value: (item, root) => {
        const found = findAll(path, from(item, root), root);
        return path.definite ? found[0] : found;
      },
    };
  }
  const value = readLiteral(reader);
  return { isPath: false, value: () => value };
}

function readLiteral(reader: Reader): Json {
  const next = reader.peek();
  if (next === "'" || next === '"') return reader.quoted();
  if (reader.take("[")) {
    const items: Json[] = [];
    for (reader.spaces(); !reader.take("]"); reader.spaces()) {
      if (items.length > 0) reader.expect(",");
      reader.spaces();
      items.push(readLiteral(reader));
    }
    return items;
  }
  if (reader.take("true")) return true;
  if (reader.take("false")) return false;
  if (reader.take("null")) return null;
  const number = reader.match(/-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?/y);
  if (number !== "") return Number(number);
  const word = reader.match(/[\p{L}_][\p{L}\p{N}_-]*/uy);
  if (word === "") throw reader.error("expected a value");
  return word;
}

type Comparison = (left: Json | undefined, right: Json | undefined) => boolean;

function comparison(operator: string): Comparison {
  switch (operator) {
    case "==":
      return equal;
    case "===":
      return equalInType;
    case "!=":
      return (left, right) => !equal(left, right);
    case "!==":
      return (left, right) => !equalInType(left, right);
    case "<":
      return (left, right) => ordered(left, right, (difference) => difference < 0);
    case "<=":
      return (left, right) => ordered(left, right, (difference) => difference <= 0);
    case ">":
      return (left, right) => ordered(left, right, (difference) => difference > 0);
    case ">=":
      return (left, right) => ordered(left, right, (difference) => difference >= 0);
    case "in":
      return (left, right) => listed(right).some((item) => equal(left, item));
    case "nin":
      return (left, right) => !listed(right).some((item) => equal(left, item));
    case "all":
      return (left, right) =>
        Array.isArray(left) && listed(right).every((item) => left.some((other) => equal(item, other)));
    case "contains":
      return (left, right) =>
        typeof left === "string"
          ? typeof right === "string" && left.includes(right)
          : listed(left).some((item) => equal(item, right));
    case "size":
      return (left, right) => lengthOf(left) === right;
    case "empty":
      return (left, right) => (lengthOf(left) === 0) === right;
    case "anyof":
      return (left, right) => listed(left).some((item) => listed(right).some((other) => equal(item, other)));
    case "noneof":
      return (left, right) => !listed(left).some((item) => listed(right).some((other) => equal(item, other)));
    default:
      return (left, right) =>
        Array.isArray(left) && left.every((item) => listed(right).some((other) => equal(item, other)));
  }
}

/** Jayway's `==`: a number equals the text that shows it; what is not there equals nothing. */
function equal(left: Json | undefined, right: Json | undefined): boolean {
  if (left === undefined || right === undefined) return false;
  if (typeof left === "number" && typeof right === "string") return right.trim() !== "" && left === Number(right);
  if (typeof left === "string" && typeof right === "number") return left === String(right);
  return equalJson(left, right);
}

function equalInType(left: Json | undefined, right: Json | undefined): boolean {
  return typeof left === typeof right && equal(left, right);
}

/** A number and a text are compared as texts. */
function ordered(left: Json | undefined, right: Json | undefined, holds: (difference: number) => boolean): boolean {
  if (typeof left === "number" && typeof right === "number") return holds(left - right);
  const [first, second] = [wordOf(left), wordOf(right)];
  if (first === undefined || second === undefined) return false;
  return holds(first < second ? -1 : Number(first > second));
}

function wordOf(value: Json | undefined): string | undefined {
  if (typeof value === "number") return String(value);
  return typeof value === "string" ? value : undefined;
}

/** `=~`: the whole text matches, or one item of a list; numbers and booleans as they are shown. */
function matchesAny(value: Json | undefined, expression: RegExp): boolean {
  if (Array.isArray(value)) return value.some((item) => !Array.isArray(item) && matchesAny(item, expression));
  return expression.test(typeof value === "boolean" ? String(value) : (wordOf(value) ?? ""));
}

function listed(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? value : [];
}

function lengthOf(value: Json | undefined): number | undefined {
  if (value === undefined) return undefined;
  if (typeof value === "string" || Array.isArray(value)) return value.length;
  return isObject(value) ? Object.keys(value).length : undefined;
}
