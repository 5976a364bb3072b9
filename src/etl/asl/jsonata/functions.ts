import type jsonata from "jsonata";

import { hash, partition } from "../intrinsics/functions.ts";
import { parseJson } from "../json.ts";
import { uuidFrom } from "../random.ts";
import type { Json } from "../types.ts";

/** So many numbers fit into the memory that AWS gives an expression. */
const longestRange = 360_145;

/** AWS's own functions on top of JSONata's; `$eval` does not exist there. */
export function registerFunctions(expression: jsonata.Expression): void {
  expression.registerFunction("partition", chunks, "<an?:a>");
  expression.registerFunction("range", steps, "<nnn?:x>");
  expression.registerFunction("hash", digest, "<ss?:s>");
  expression.registerFunction("parse", parsed, "<s:x>");
  expression.assign("eval", undefined);
}

/** Nothing where there is nothing to split; one chunk where no size is given. */
function chunks(items: Json[], size: number = items.length): Json[][] | undefined {
  const whole = Math.trunc(size);
  if (whole < 0) throw new FunctionError("Second argument must be zero or greater");
  return items.length === 0 || whole === 0 ? undefined : partition(items, whole);
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

function digest(data: string, algorithm?: string): string | undefined {
  if (algorithm === undefined) return undefined;
  try {
    return hash(data, algorithm);
  } catch (error) {
    throw new FunctionError(error instanceof Error ? error.message : String(error));
  }
}

function parsed(text: string): Json {
  try {
    return parseJson(text);
  } catch {
    throw new FunctionError("Invalid JSON");
  }
}

/** Whether an expression may draw from the generator, which each execution has its own of. */
export function drawsIn(source: string): boolean {
  return /\$(?:random|uuid)\b/u.test(source);
}

export function drawingFunctions(random: () => number): Record<string, unknown> {
  return {
    random: (seed?: number) => (seed === undefined ? random() : javaRandom(seed)),
    uuid: () => uuidFrom(random),
  };
}

/** The first number in [0, 1) that java.util.Random draws with a seed: AWS's, for the same seed. */
function javaRandom(seed: number): number {
  const multiplier = 0x5_de_ec_e6_6dn;
  const next = (state: bigint) => BigInt.asUintN(48, state * multiplier + 0xbn);
  const first = next(BigInt.asUintN(48, BigInt(Math.trunc(seed)) ^ multiplier));
  const second = next(first);
  return (Number(first >> 22n) * 2 ** 27 + Number(second >> 21n)) / 2 ** 53;
}

/** A function refuses its arguments, under the code that JSONata's own `$error` has. */
class FunctionError extends Error {
  override readonly name = "FunctionError";
  readonly code = "D3137";
}
