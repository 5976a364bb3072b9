import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/**
 * Suits V8's garbage collector to a process through which gigabytes of bodies pass; for the whole process.
 *
 * Bodies are buffers outside of V8's heap that die within milliseconds. By default V8 marks the whole heap for each
 * 25 MiB of them, and lets the young generation grow, in which the handles of dead buffers then wait: what starting
 * made of it is shrunk again by the one collection that does so, and then it stays small.
 */
export function suitCollectorToBodies(): void {
  setFlagsFromString("--external-memory-accounted-in-global-limit");
  setFlagsFromString("--semi-space-growth-factor=1");
  setFlagsFromString("--expose-gc");
  const collect: unknown = runInNewContext("gc");
  setFlagsFromString("--no-expose-gc");
  if (typeof collect === "function") collect({ type: "major", execution: "sync", flavor: "last-resort" });
}
