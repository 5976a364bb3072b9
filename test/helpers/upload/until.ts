import { setTimeout as pause } from "node:timers/promises";

/** Waits for a condition; fails with its text after a time that only a hang can take. */
export async function until(what: string, holds: () => boolean | Promise<boolean>, limitMs = 40_000): Promise<void> {
  const end = performance.now() + limitMs;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`It never came about: ${what}`);
    await pause(20);
  }
}
