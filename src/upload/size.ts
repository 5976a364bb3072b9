import { UsageError } from "../errors.ts";

const units = ["B", "KiB", "MiB", "GiB", "TiB"] as const;

/** Bytes as a person reads them: `"0 B"`, `"8.0 MiB"`, `"1.5 GiB"`. */
export function formatSize(bytes: number): string {
  const power = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log2(Math.max(1, bytes)) / 10)));
  const value = bytes / 1024 ** power;
  return `${power === 0 ? String(Math.round(value)) : value.toFixed(1)} ${units[power] ?? "B"}`;
}

/**
 * Reads `"8MiB"`, `"1.5 GiB"`, `"512k"` or `"4096"` into bytes; k, M, G and T count in powers of 1024.
 *
 * @param what the name of the option, for the message.
 * @throws {UsageError}
 */
export function parseSize(text: string, what: string): number {
  const [, amount = "", unit = ""] = /^(\d+(?:\.\d+)?)\s*([kmgt]?)(?:i?b)?$/iu.exec(text.trim()) ?? [];
  const bytes = Math.round(Number(amount) * 1024 ** ["", "k", "m", "g", "t"].indexOf(unit.toLowerCase()));
  if (amount === "" || !Number.isSafeInteger(bytes))
    throw new UsageError(`${what} is a size, not "${text}"`, { hint: "Such as 8MiB, 1.5GiB or 4096" });
  return bytes;
}
