import {
  type Expression,
  isNoSubstitutionTemplateLiteral,
  isNumericLiteral,
  isStringLiteral,
  isTemplateExpression,
} from "typescript/unstable/ast";

import { type Part, partsOf } from "./parts.ts";
import { escapeForTemplate, quote, rawOfLiteral } from "./quotes.ts";
import type { Sum } from "./sums.ts";

/** Prints what stands between two positions of the file, sums within it rewritten. */
export type Render = (pos: number, end: number) => string;

/** The text of a template as it stands in a file, or code between `${` and `}`. */
type Piece = { readonly raw: string } | { readonly code: string };

/**
 * The sum as a template; literals alone become one literal.
 *
 * Only for sums that `reasonAgainst` has nothing against.
 */
export function rewriteSum(sum: Sum, text: string, render: Render): string {
  const pieces = joinTexts(partsOf(sum, text).flatMap((part) => piecesOf(part, text, render)));
  if (sum.kind === "append") {
    const { left } = sum.node;
    return `${render(left.getStart(), left.end)} = ${template(pieces)}`;
  }
  const [only, ...others] = pieces;
  const literals = sum.operands.every(isStringLiteral);
  return literals && only !== undefined && "raw" in only && others.length === 0
    ? quote(only.raw, text.charAt(sum.operands[0]?.getStart() ?? 0))
    : template(pieces);
}

function template(pieces: readonly Piece[]): string {
  const inner = pieces.map((piece) => ("raw" in piece ? escapeForTemplate(piece.raw) : `\${${piece.code}}`));
  return `\`${inner.join("")}\``;
}

function piecesOf({ operand, before, after }: Part, text: string, render: Render): readonly Piece[] {
  if (isStringLiteral(operand)) return [{ raw: rawOfLiteral(sourceOf(operand, text)) }];
  if (isNumericLiteral(operand) && /^(?:0|[1-9]\d{0,14})$/u.test(operand.getText()))
    return [{ raw: operand.getText() }];
  if (isNoSubstitutionTemplateLiteral(operand)) return [{ raw: sourceOf(operand, text).slice(1, -1) }];
  if (isTemplateExpression(operand)) {
    const { head, templateSpans } = operand;
    return [
      { raw: sourceOf(head, text).slice(1, -2) },
      ...templateSpans.flatMap(({ expression, literal }) => [
        { code: render(expression.pos, literal.getStart()) },
        {
          raw: text.slice(
            literal.getStart() + 1,
            text.charAt(literal.end - 1) === "`" ? literal.end - 1 : literal.end - 2,
          ),
        },
      ]),
    ];
  }
  const code = [...before, render(operand.getStart(), operand.end), ...after];
  return [{ code: code.map((item) => (item.startsWith("//") ? `${item}\n` : item)).join(" ") }];
}

/** Neighbouring texts become one, so that `"$" + "{"` is seen as what it would be in a template. */
function joinTexts(pieces: readonly Piece[]): readonly Piece[] {
  return pieces.reduce<readonly Piece[]>((done, piece) => {
    const last = done.at(-1);
    return last !== undefined && "raw" in last && "raw" in piece
      ? [...done.slice(0, -1), { raw: `${last.raw}${piece.raw}` }]
      : [...done, piece];
  }, []);
}

function sourceOf(node: Pick<Expression, "getStart" | "end">, text: string): string {
  return text.slice(node.getStart(), node.end);
}
