import {
  type BinaryExpression,
  type Expression,
  isBinaryExpression,
  isNoSubstitutionTemplateLiteral,
  isParenthesizedExpression,
  isStringLiteral,
  isTemplateExpression,
  type Node,
  SyntaxKind,
} from "typescript/unstable/ast";

import { isString, type Kind, kindsOf } from "./kinds.ts";
import type { TypedFile } from "./project.ts";

/** How a sum of strings came to be written. */
export type SumKind = "literal" | "names" | "append" | "split literals";

/** A whole sum, from its first operand to its last. */
export type Sum = {
  readonly node: BinaryExpression;
  readonly kind: SumKind;
  /** Each `+` in it that makes a string. */
  readonly pluses: readonly BinaryExpression[];
  /** What is joined, from left to right; for `+=` the first is its target. */
  readonly operands: readonly Expression[];
};

export type Sums = {
  readonly strings: readonly Sum[];
  /** Sums that may join strings, for all the types tell: an operand is `any`. */
  readonly unknown: readonly BinaryExpression[];
};

/** The kinds of an expression of the file, remembered. */
export type KindsAt = (node: Expression) => ReadonlySet<Kind>;

/** Finds each sum that joins strings, also those that linters miss: `name + name`, `+=`, literals split over lines. */
export function findSums(file: TypedFile, kindsAt: KindsAt): Sums {
  const strings: Sum[] = [];
  const unknown: BinaryExpression[] = [];
  const visit = (node: Node): void => {
    const kinds = isPlus(node) ? [node, node.left, node.right].map(kindsAt) : [];
    if (isPlus(node) && kinds.some((each) => each.has("string"))) {
      const sum = toSum(node, file, kindsAt);
      strings.push(sum);
      sum.operands.forEach(visit);
    } else {
      if (isPlus(node) && kinds.some((each) => each.has("any"))) unknown.push(node);
      node.forEachChild(visit);
    }
  };
  visit(file.source);
  return { strings, unknown };
}

/** Asks for the types of all operands of all sums at once: a question costs a round trip to the compiler. */
export function kindsReader({ source, checker }: TypedFile): KindsAt {
  const nodes: Expression[] = [];
  const collect = (node: Node): void => {
    if (isPlus(node)) nodes.push(node, node.left, node.right);
    node.forEachChild(collect);
  };
  collect(source);
  const types = nodes.length === 0 ? [] : checker.getTypeAtLocation(nodes);
  const known = new Map<Node, ReadonlySet<Kind>>();
  const remember = (node: Node, kinds: ReadonlySet<Kind>) => {
    known.set(node, kinds);
    return kinds;
  };
  for (const [index, node] of nodes.entries()) remember(node, kindsOf(types[index], checker));
  return (node) => known.get(node) ?? remember(node, kindsOf(checker.getTypeAtLocation(node), checker));
}

function toSum(node: BinaryExpression, { source }: TypedFile, kindsAt: KindsAt): Sum {
  const pluses: BinaryExpression[] = [];
  const operands: Expression[] = [];
  const flatten = (expression: Expression): void => {
    const inner = withoutParentheses(expression, source.text);
    if (inner !== node && !(isSum(inner) && isString(kindsAt(inner)))) return void operands.push(inner);
    if (!isBinaryExpression(inner)) return;
    pluses.push(inner);
    flatten(inner.left);
    flatten(inner.right);
  };
  flatten(node);
  return { node, pluses, operands, kind: sumKind(node, operands) };
}

function sumKind(node: BinaryExpression, operands: readonly Expression[]): SumKind {
  if (!isSum(node)) return "append";
  if (operands.every(isWholeLiteral)) return "split literals";
  return operands.some((operand) => isWholeLiteral(operand) || isTemplateExpression(operand)) ? "literal" : "names";
}

function isWholeLiteral(node: Node): boolean {
  return isStringLiteral(node) || isNoSubstitutionTemplateLiteral(node);
}

/** `a + b` or `a += b`. */
export function isPlus(node: Node): node is BinaryExpression {
  return isSum(node) || (isBinaryExpression(node) && node.operatorToken.kind === SyntaxKind.PlusEqualsToken);
}

function isSum(node: Node): node is BinaryExpression {
  return isBinaryExpression(node) && node.operatorToken.kind === SyntaxKind.PlusToken;
}

/** What stands within parentheses, unless a comment stands there too: it would be lost, or be a JSDoc cast. */
function withoutParentheses(expression: Expression, text: string): Expression {
  if (!isParenthesizedExpression(expression)) return expression;
  const { expression: inner } = expression;
  const between = `${text.slice(expression.pos, inner.getStart()).replace("(", "")}${text.slice(inner.end, expression.end - 1)}`;
  return between.trim() === "" ? withoutParentheses(inner, text) : expression;
}
