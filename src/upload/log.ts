import { escapeSigns } from "./names.ts";

/** Says what happened; names in `message` are already quoted. */
export type Log = (level: "info" | "warn" | "error", message: string) => void;

/** One line: when, how bad, what. */
export function formatLog(level: string, message: string, nowMs: number): string {
  return `${new Date(nowMs).toISOString()} ${level.padEnd(5)} ${escapeSigns(message)}`;
}
