import {
  type Expression,
  isCallExpression,
  isElementAccessExpression,
  isExpressionStatement,
  isIdentifier,
  isLiteralExpression,
  isNoSubstitutionTemplateLiteral,
  isNumericLiteral,
  isPropertyAccessExpression,
  isStringLiteral,
  isTemplateExpression,
  isTypeOfExpression,
  type Node,
  SyntaxKind,
} from "typescript/unstable/ast";

import { isPrimitive, isString } from "./kinds.ts";
import { isPerhapsMissing } from "./missing.ts";
import { partsOf } from "./parts.ts";
import type { TypedFile } from "./project.ts";
import { isPlus, type KindsAt, type Sum } from "./sums.ts";
import { valuesOf } from "./values.ts";

/** Why a template in place of the sum might not mean the same; undefined where it always does. */
export function reasonAgainst(sum: Sum, file: TypedFile, kindsAt: KindsAt): string | undefined {
  if (!file.parses) return "the file has syntax errors";
  return (
    first(sum.operands, (operand) => reasonAgainstOperand(operand, kindsAt)) ??
    (sum.kind === "append" ? reasonAgainstTarget(sum.node.left, kindsAt) : undefined) ??
    first(sum.pluses, ({ left, right }) =>
      isSureString(left, file, kindsAt) || isSureString(right, file, kindsAt)
        ? undefined
        : `neither ${quoted(left)} nor ${quoted(right)} is sure to be a string when it runs`,
    ) ??
    reasonAgainstComments(sum, file.source.text) ??
    (sum.kind !== "append" && beginsStatement(sum.node)
      ? "it begins a statement, where a template would be read as part of the line above"
      : undefined)
  );
}

/**
 * A sum asks both sides for a primitive and then joins; a template turns each into a string in its turn.
 * For primitives that is the same; for an object another of its methods would run, at another time.
 */
function reasonAgainstOperand(operand: Expression, kindsAt: KindsAt): string | undefined {
  const kinds = kindsAt(operand);
  if (kinds.has("any")) return `the type of ${quoted(operand)} is not known`;
  return [operand, ...valuesOf(operand)].every((value) => isPrimitive(kindsAt(value)))
    ? undefined
    : `${quoted(operand)} may be an object, which can turn itself into text in two ways`;
}

/** `a.b.c += x` evaluates `a.b` once; written out it would be evaluated twice. */
function reasonAgainstTarget(target: Expression, kindsAt: KindsAt): string | undefined {
  const again = `parts of ${quoted(target)} would be evaluated twice`;
  if (isIdentifier(target)) return undefined;
  if (isPropertyAccessExpression(target)) return isSettled(target.expression) ? undefined : again;
  if (!isElementAccessExpression(target) || !isSettled(target.expression)) return again;
  const { argumentExpression: index } = target;
  const settled = isIdentifier(index) || isStringLiteral(index) || isNumericLiteral(index);
  return settled && isPrimitive(kindsAt(index)) ? undefined : again;
}

function isSettled(node: Expression): boolean {
  return isIdentifier(node) || node.kind === SyntaxKind.ThisKeyword;
}

/**
 * Whether this side alone makes the sum one of strings when the program runs.
 * Otherwise both could be `undefined`, which add up to NaN and print as "undefinedundefined".
 */
function isSureString(node: Expression, file: TypedFile, kindsAt: KindsAt): boolean {
  return valuesOf(node).every((value) => {
    if (isStringBySyntax(value)) return true;
    if (isPlus(value)) return isSureString(value.left, file, kindsAt) || isSureString(value.right, file, kindsAt);
    return file.strict && isString(kindsAt(value)) && !isPerhapsMissing(value, file);
  });
}

function isStringBySyntax(node: Expression): boolean {
  if (isStringLiteral(node) || isNoSubstitutionTemplateLiteral(node)) return true;
  if (isTemplateExpression(node) || isTypeOfExpression(node)) return true;
  return isCallExpression(node) && isIdentifier(node.expression) && node.expression.text === "String";
}

function reasonAgainstComments(sum: Sum, text: string): string | undefined {
  return first(partsOf(sum, text), ({ operand, before, after }, index) => {
    const comments = [...before, ...after];
    if (comments.some((comment) => /@ts-|disable|ignore|\/\*\*/u.test(comment)))
      return "a comment in it speaks to a tool";
    if (comments.length > 0 && (isTemplateExpression(operand) || isLiteralExpression(operand)))
      return "a comment stands beside a literal";
    return sum.kind === "append" && index === 0 && comments.length > 0
      ? "a comment stands beside its target"
      : undefined;
  });
}

/** Without a semicolon, a template on a line of its own would be read as a tagged one. */
function beginsStatement(node: Node): boolean {
  const start = node.getStart();
  for (let at = node; at.getStart() === start; at = at.parent) if (isExpressionStatement(at)) return true;
  return false;
}

function first<Item>(
  items: readonly Item[],
  reason: (item: Item, index: number) => string | undefined,
): string | undefined {
  for (const [index, item] of items.entries()) {
    const found = reason(item, index);
    if (found !== undefined) return found;
  }
  return undefined;
}

function quoted(node: Node): string {
  const text = node.getText().replaceAll(/\s+/gu, " ");
  return `\`${text.length > 40 ? `${text.slice(0, 39)}…` : text}\``;
}
