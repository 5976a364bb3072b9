import { url as inspectorUrl } from "node:inspector";

import { MetacoinError } from "../errors.ts";
import { checked, native } from "../ipc/libc.ts";

/** How a process was started, as far as it can give away its memory. */
type Started = { readonly execArgv: readonly string[]; readonly nodeOptions: string };

/** PR_SET_DUMPABLE, of <linux/prctl.h>. */
const setDumpable = 4;
const getDumpable = 3;

/** Flags that write memory to a file, or open it to a debugger. */
const leaks =
  /--(?:inspect|heapsnapshot|heap-prof|cpu-prof|report|diagnostic-dir|trace-event|abort-on-uncaught)[\w-]*/u;

/**
 * Closes the ways by which another program of the same user could read this process's memory; called before a key is in it.
 *
 * On Linux the process becomes not dumpable: no core file, no ptrace, and /proc/<pid>/{mem,environ,fd} belong to root.
 * SIGUSR1, which opens Node's inspector, is caught and does nothing.
 *
 * @returns what could not be closed on this system, a sentence each.
 * @throws {ExposedError} where an inspector is open already, or a flag of Node would write memory out.
 */
export function harden({ execArgv, nodeOptions }: Started): string[] {
  process.on("SIGUSR1", () => undefined);
  if (inspectorUrl() !== undefined) throw new ExposedError("A debugger can attach to this process");
  // Node takes an underscore for a dash.
  const leak = [...execArgv, ...nodeOptions.split(/\s+/u)].find((flag) => leaks.test(flag.replaceAll("_", "-")));
  if (leak !== undefined)
    throw new ExposedError(`Node was started with ${leak}, which can give its memory away`, {
      hint: "Start it without",
    });
  if (process.platform !== "linux") return ["other programs of this user may be able to read this process's memory"];
  const prctl = native("int prctl(int, unsigned long, unsigned long, unsigned long, unsigned long)");
  checked("prctl", prctl(setDumpable, 0, 0, 0, 0));
  if (prctl(getDumpable, 0, 0, 0, 0) !== 0) throw new ExposedError("The process could not be made not dumpable");
  return [];
}

/** The memory of this process lies open, so no key may enter it. */
class ExposedError extends MetacoinError {
  override readonly code = "SIGNER_EXPOSED";
}
