import { readFileSync } from "node:fs";

/** Whether a process runs; one of another user counts, too. */
export function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

/**
 * Whether a process of ours has handlers for these signals, by its mask in /proc.
 * A plain Node catches SIGUSR1 to open its inspector, and has none for SIGUSR2; a recycled PID has neither.
 */
export function catches(pid: number, signals: readonly number[]): boolean {
  let status: string;
  try {
    status = readFileSync(`/proc/${String(pid)}/status`, "utf8");
  } catch {
    return false;
  }
  const mask = BigInt(`0x${/^SigCgt:\s*([0-9a-f]+)$/mu.exec(status)?.[1] ?? "0"}`);
  const uid = Number(/^Uid:\s*(\d+)/mu.exec(status)?.[1]);
  return uid === process.getuid?.() && signals.every((signal) => ((mask >> BigInt(signal - 1)) & 1n) === 1n);
}
