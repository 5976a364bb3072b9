import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { createInterface } from "node:readline";

import { IpcError } from "../contract.ts";

/** A measuring program: answers a line of its input with a line of its output. */
export type MeasuringProgram = {
  readonly ask: (line: string) => Promise<string>;
  readonly next: () => Promise<string>;
  readonly end: () => Promise<void>;
};

/** Starts a Node program; its standard error is kept for the message if it fails. */
export function startProgram(prefix: readonly string[], args: readonly string[]): MeasuringProgram {
  const [command = process.execPath, ...rest] = [...prefix, process.execPath, ...args];
  const child: ChildProcess = spawn(command, rest, { stdio: ["pipe", "pipe", "pipe"] });
  const errors: string[] = [];
  child.stderr?.on("data", (data: Buffer) => errors.push(data.toString()));
  child.stdin?.on("error", () => undefined);
  const ended = once(child, "close");
  const lines = child.stdout === null ? undefined : createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async () => {
    const line = await lines?.next();
    if (line === undefined || line.done === true) {
      throw new MeasurementError(`${args.join(" ")} ended early`, { cause: new Error(errors.join("")) });
    }
    return line.value;
  };
  return {
    next,
    ask(line) {
      child.stdin?.write(`${line}\n`);
      return next();
    },
    async end() {
      child.stdin?.end();
      const late = setTimeout(() => child.kill("SIGKILL"), 5000);
      await ended;
      clearTimeout(late);
    },
  };
}

/** What pins a program and its children to one core; nothing where that cannot be done. */
export function pin(core: number): readonly string[] {
  return existsSync("/usr/bin/taskset") ? ["/usr/bin/taskset", "-c", String(core)] : [];
}

/** A measuring program failed. */
class MeasurementError extends IpcError {
  override readonly code = "MEASUREMENT";
}
