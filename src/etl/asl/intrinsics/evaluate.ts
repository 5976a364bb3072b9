import { StatesError } from "../failure.ts";
import { evaluatePath } from "../json-path/evaluate.ts";
import type { Scope } from "../scope.ts";
import type { Json } from "../types.ts";
import { IntrinsicError, intrinsics } from "./functions.ts";
import { unescape, type Expression } from "./parse.ts";

/**
 * Calls an intrinsic function.
 *
 * @throws {StatesError} States.IntrinsicFailure
 * @throws {PathNotFoundError} from a path among its arguments
 */
export function evaluateIntrinsic(expression: Expression, scope: Scope): Json {
  if (expression.kind === "path") return evaluatePath(expression.path, scope);
  if (expression.kind === "value") return literal(expression.value);
  const { name, source, args } = expression;
  // The template of Format keeps its escapes, which say what is not a placeholder.
  const values = args.map((argument, index) =>
    name === "States.Format" && index === 0 && argument.kind === "value"
      ? argument.value
      : evaluateIntrinsic(argument, scope),
  );
  try {
    return intrinsics[name]?.apply(values, scope.random) ?? null;
  } catch (error) {
    if (!(error instanceof IntrinsicError)) throw error;
    throw new StatesError({
      error: "States.IntrinsicFailure",
      cause: `The function '${source}' had the following error: ${error.message}`,
    });
  }
}

function literal(value: Json): Json {
  return typeof value === "string" ? unescape(value) : value;
}
