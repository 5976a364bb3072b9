import type { Expression } from "typescript/unstable/ast";

import type { Sum } from "./sums.ts";

/** An operand and the comments that stand beside it, up to the next `+` on either side. */
export type Part = {
  readonly operand: Expression;
  readonly before: readonly string[];
  readonly after: readonly string[];
};

/** The operands of a sum with their comments. */
export function partsOf({ operands }: Sum, text: string): readonly Part[] {
  const gaps = operands
    .slice(1)
    .map((operand, index) => splitGap(text.slice(operands[index]?.end, operand.getStart())));
  return operands.map((operand, index) => ({
    operand,
    before: gaps[index - 1]?.after ?? [],
    after: gaps[index]?.before ?? [],
  }));
}

/** Between two operands stand blanks, parentheses, comments and one `+` or `+=`. */
function splitGap(gap: string): { before: readonly string[]; after: readonly string[] } {
  const found = [...gap.matchAll(/\/\*[\s\S]*?\*\/|\/\/[^\n\r\u2028\u2029]*|\+/gu)].map(([token]) => token);
  const plus = found.indexOf("+");
  return { before: found.slice(0, plus), after: found.slice(plus + 1) };
}
