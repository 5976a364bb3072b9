import { setFlagsFromString } from "node:v8";

/**
 * Suits V8's garbage collector to a process through which gigabytes of bodies pass; for the whole process.
 *
 * Bodies are buffers outside of V8's heap that die within milliseconds. By default V8 marks the whole heap for each
 * 25 MiB of them, and lets the young generation grow, in which the handles of dead buffers then wait.
 */
export function suitCollectorToBodies(): void {
  setFlagsFromString("--external-memory-accounted-in-global-limit");
  setFlagsFromString("--semi-space-growth-factor=1");
}
