import { StatesError } from "../failure.ts";
import { evaluatePath } from "../json-path/evaluate.ts";
import { PathNotFoundError } from "../json-path/find.ts";
import type { Path } from "../json-path/tokens.ts";
import type { Scope } from "../scope.ts";
import type { Json } from "../types.ts";
import { IntrinsicError, intrinsics } from "./functions.ts";
import { unescape, type Call, type Expression } from "./parse.ts";

/**
 * Calls an intrinsic function.
 *
 * @throws {StatesError} States.IntrinsicFailure, or States.Runtime for an argument that is not there
 */
export function evaluateIntrinsic(call: Call, scope: Scope): Json {
  try {
    return valueOf(call, scope);
  } catch (error) {
    if (!(error instanceof IntrinsicError || error instanceof MissingArgumentError)) throw error;
    throw new StatesError({
      error: error instanceof IntrinsicError ? "States.IntrinsicFailure" : "States.Runtime",
      cause: `The function '${call.source}' had the following error: ${error.message}`,
    });
  }
}

function valueOf(expression: Expression, scope: Scope): Json {
  if (expression.kind === "path") return argumentAt(expression.path, scope);
  if (expression.kind === "value") return literal(expression.value);
  const { name, args } = expression;
  // The template of Format keeps its escapes, which say what is not a placeholder.
  const values = args.map((argument, index) =>
    name === "States.Format" && index === 0 && argument.kind === "value" ? argument.value : valueOf(argument, scope),
  );
  return intrinsics[name]?.apply(values, scope.random) ?? null;
}

function argumentAt(path: Path, scope: Scope): Json {
  try {
    return evaluatePath(path, scope);
  } catch (error) {
    if (!(error instanceof PathNotFoundError)) throw error;
    // Jayway's own words come through where something other than a list is indexed.
    const leaks = error.message.startsWith("Filter: ");
    const missing = `The JsonPath argument for the field '${path.source}' could not be found in the input '${JSON.stringify(scope.input)}'`;
    throw new MissingArgumentError(leaks ? error.message : missing);
  }
}

function literal(value: Json): Json {
  return typeof value === "string" ? unescape(value) : value;
}

/** A path among the arguments found nothing. */
class MissingArgumentError extends Error {
  override readonly name = "MissingArgumentError";
}
