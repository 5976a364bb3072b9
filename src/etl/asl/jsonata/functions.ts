import type jsonata from "jsonata";

import { hash, partition, range, seeded } from "../intrinsics/functions.ts";
import { parseJson } from "../json.ts";
import { uuidFrom } from "../random.ts";
import type { Json } from "../types.ts";

/** AWS's own functions on top of JSONata's; `$eval` does not exist there. */
export function registerFunctions(expression: jsonata.Expression): void {
  expression.registerFunction(
    "partition",
    (items: Json[], size: number) => partition(items, Math.round(size)),
    "<an:a>",
  );
  expression.registerFunction(
    "range",
    (first: number, last: number, step: number) => range(Math.round(first), Math.round(last), Math.round(step)),
    "<nnn:a>",
  );
  expression.registerFunction("hash", (data: string, algorithm = "SHA-256") => hash(data, algorithm), "<ss?:s>");
  expression.registerFunction("parse", (text: string) => parseJson(text), "<s:x>");
  expression.assign("eval", undefined);
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
