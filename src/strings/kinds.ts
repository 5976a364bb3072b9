import { type Checker, type Type, TypeFlags } from "typescript/unstable/sync";

/**
 * What a value may be when the program runs:
 * a string; another primitive that prints the same in a sum and in a template; `any`; or what does not (objects, symbols).
 */
export type Kind = "string" | "plain" | "any" | "other";

const string = TypeFlags.StringLike;
const plain =
  TypeFlags.NumberLike | TypeFlags.BigIntLike | TypeFlags.BooleanLike | TypeFlags.Undefined | TypeFlags.Null;
const variable = TypeFlags.TypeVariable | TypeFlags.Conditional | TypeFlags.Substitution;

/** The kinds of all values of a type. */
export function kindsOf(type: Type | undefined, checker: Checker): ReadonlySet<Kind> {
  if (type === undefined || type.isErrorType()) return new Set(["any"]);
  if (type.isUnionType()) return new Set(type.getTypes().flatMap((member) => [...kindsOf(member, checker)]));
  // A branded string is a string, whatever else its type says.
  if (type.isIntersectionType()) return primitiveOf(type.getTypes().map((member) => kindsOf(member, checker)));
  if ((type.flags & TypeFlags.AnyOrUnknown) !== 0) return new Set(["any"]);
  if ((type.flags & string) !== 0) return new Set(["string"]);
  if ((type.flags & plain) !== 0) return new Set(["plain"]);
  const constraint = (type.flags & variable) === 0 ? undefined : checker.getBaseConstraintOfType(type);
  return constraint === undefined || constraint.id === type.id ? new Set(["other"]) : kindsOf(constraint, checker);
}

function primitiveOf(members: readonly ReadonlySet<Kind>[]): ReadonlySet<Kind> {
  return members.find(isPrimitive) ?? new Set(["other"]);
}

/** A string whenever the types are right. */
export function isString(kinds: ReadonlySet<Kind>): boolean {
  return kinds.size === 1 && kinds.has("string");
}

/** Turned into text by a sum and by a template alike, without running any code. */
export function isPrimitive(kinds: ReadonlySet<Kind>): boolean {
  return kinds.size > 0 && !kinds.has("any") && !kinds.has("other");
}
