import { validateMachine } from "../../src/etl/asl/parse.ts";

/** A definition that was recorded as accepted or refused. */
export type ValidationCase = {
  readonly id: string;
  /** create_rejected and validate_api are AWS's own answers; the others are those of linters. */
  readonly category: string;
  readonly definition: string | object;
  readonly expected: { readonly result: "OK" | "FAIL" };
};

export function judgeValidation({ id, category, definition, expected }: ValidationCase) {
  const type = id.includes("type_express") ? "EXPRESS" : "STANDARD";
  const got = findingsOf(definition, type);
  const result = got === undefined ? undefined : got.some(({ severity }) => severity === "ERROR") ? "FAIL" : "OK";
  const isAws = category === "create_rejected" || category === "validate_api";
  return { id, category, isAws, expected: expected.result, ok: result === expected.result, got };
}

/** `undefined` where the validator itself failed, which is no answer. */
function findingsOf(definition: string | object, type: "STANDARD" | "EXPRESS") {
  try {
    return validateMachine(definition, { type });
  } catch {
    return undefined;
  }
}
