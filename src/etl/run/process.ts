import { uptime } from "node:os";

/** Whether the process that noted its pid at a time is still there; after a restart of the machine the pid is another's. */
export function isAtIt({ pid, at }: { readonly pid: number; readonly at: string }): boolean {
  const bootedAt = Date.now() - uptime() * 1000;
  return Date.parse(at) > bootedAt && isAlive(pid);
}

/** Whether a process is there, be it another user's. */
export function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}
