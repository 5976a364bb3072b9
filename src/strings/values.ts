import {
  type Expression,
  isAssertionExpression,
  isBinaryExpression,
  isConditionalExpression,
  isNonNullExpression,
  isParenthesizedExpression,
  isSatisfiesExpression,
  SyntaxKind,
} from "typescript/unstable/ast";

const choices = new Set([SyntaxKind.BarBarToken, SyntaxKind.AmpersandAmpersandToken, SyntaxKind.QuestionQuestionToken]);
const lasts = new Set([SyntaxKind.CommaToken, SyntaxKind.EqualsToken]);

/** The expressions whose value this one may take, below parentheses, choices and assertions such as `x as T` and `x!`. */
export function valuesOf(node: Expression): readonly Expression[] {
  if (isAssertionExpression(node) || isNonNullExpression(node)) return valuesOf(node.expression);
  if (isSatisfiesExpression(node) || isParenthesizedExpression(node)) return valuesOf(node.expression);
  if (isConditionalExpression(node)) return [...valuesOf(node.whenTrue), ...valuesOf(node.whenFalse)];
  if (!isBinaryExpression(node)) return [node];
  if (choices.has(node.operatorToken.kind)) return [...valuesOf(node.left), ...valuesOf(node.right)];
  return lasts.has(node.operatorToken.kind) ? valuesOf(node.right) : [node];
}
