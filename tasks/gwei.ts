import { UsageError } from "../src/errors.ts";

/** The value of `--max-fee`: gwei with up to nine decimals, as wei; undefined where nothing is given. */
export function parseGwei(text: string): bigint | undefined {
  if (text === "") return undefined;
  const match = /^(\d+)(?:\.(\d{1,9}))?$/u.exec(text);
  if (match === null || Number(text) === 0) {
    throw new UsageError(`--max-fee ${text} is no price in gwei`, {
      hint: "For example: --max-fee 40, or --max-fee 0.25",
    });
  }
  const [, whole = "0", fraction = ""] = match;
  return BigInt(whole) * 10n ** 9n + BigInt(fraction.padEnd(9, "0"));
}
