import type jsonata from "jsonata";

import { hash, partition, seeded } from "../intrinsics/functions.ts";
import { parseJson } from "../json.ts";
import { uuidFrom } from "../random.ts";
import type { Json } from "../types.ts";

/** So many numbers fit into the memory that AWS gives an expression. */
const longestRange = 360_145;

/** AWS's own functions on top of JSONata's; `$eval` does not exist there. */
export function registerFunctions(expression: jsonata.Expression): void {
  expression.registerFunction("partition", chunks, "<an:a>");
  expression.registerFunction("range", steps, "<nnn?:x>");
  expression.registerFunction(
    "hash",
    (data: string, algorithm?: string) => algorithm && hash(data, algorithm),
    "<ss?:s>",
  );
  expression.registerFunction("parse", (text: string) => parseJson(text), "<s:x>");
  expression.assign("eval", undefined);
}

/** Nothing where there is nothing to split, or no size to split by. */
function chunks(items: Json[], size: number): Json[][] | undefined {
  const whole = Math.trunc(size);
  return items.length === 0 || whole < 1 ? undefined : partition(items, whole);
}

/** A range of one number is that number; one that leads nowhere is nothing. */
function steps(first: number, last: number, step?: number): number[] | number | undefined {
  const [from, to, by] = [Math.trunc(first), Math.trunc(last), Math.trunc(step ?? 0)];
  const length = by === 0 ? 0 : Math.floor((to - from) / by) + 1;
  if (length > longestRange)
    throw new Error("Expression evaluation memory limit exceeded: Check for excessive memory usage");
  if (length <= 1) return length === 1 ? from : undefined;
  return Array.from({ length }, (_, index) => from + index * by);
}

/** Whether an expression may draw from the generator, which each execution has its own of. */
export function drawsIn(source: string): boolean {
  return /\$(?:random|uuid)\b/u.test(source);
}

export function drawingFunctions(random: () => number): Record<string, unknown> {
  return {
    random: (seed?: number) => (seed === undefined ? random() : seeded(seed)()),
    uuid: () => uuidFrom(random),
  };
}
