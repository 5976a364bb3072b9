import { MetacoinError } from "../errors.ts";

/** A number as JSON-RPC writes it (Ethereum JSON-RPC, "quantity"): hexadecimal without leading zeros. */
export function toQuantity(value: bigint | number): string {
  return `0x${value.toString(16)}`;
}

/** @throws {MalformedAnswerError} where `value` is no quantity; `what` names it in the message. */
export function readQuantity(value: unknown, what: string): bigint {
  if (typeof value !== "string" || !/^0x[0-9a-f]+$/iu.test(value)) throw new MalformedAnswerError(what, value);
  return BigInt(value);
}

/** @throws {MalformedAnswerError} where `value` is no hexadecimal string. */
export function readHex(value: unknown, what: string): string {
  if (typeof value !== "string" || !/^0x[0-9a-f]*$/iu.test(value)) throw new MalformedAnswerError(what, value);
  return value;
}

/** An endpoint answered with something that the Ethereum JSON-RPC specification does not allow. */
export class MalformedAnswerError extends MetacoinError {
  override readonly code = "MALFORMED_ANSWER";

  constructor(what: string, value: unknown) {
    super(`The endpoint gave ${JSON.stringify(value)?.slice(0, 80) ?? "nothing"} as ${what}`, {
      hint: "Check the URL variable of the network: this does not look like an Ethereum JSON-RPC endpoint.",
    });
  }
}
