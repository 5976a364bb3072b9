import { UsageError } from "../errors.ts";

const unitsMs: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/**
 * Reads `"90s"`, `"30m"`, `"24h"` or `"7d"` into milliseconds; `"0"` is 0.
 *
 * @param what the name of the option, for the message.
 * @throws {UsageError}
 */
export function parseDuration(text: string, what: string): number {
  if (text.trim() === "0") return 0;
  const [, amount, unit = ""] = /^(\d{1,6}(?:\.\d+)?)\s*([smhd])$/iu.exec(text.trim()) ?? [];
  const factor = unitsMs[unit.toLowerCase()];
  if (amount === undefined || factor === undefined)
    throw new UsageError(`${what} is a duration, not "${text}"`, { hint: "Such as 90s, 30m, 24h or 7d" });
  return Math.round(Number(amount) * factor);
}
