import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import type { TransportName } from "../contract.ts";

const execute = promisify(execFile);

/** What a C program reaches over the same means; the others have no such limit of their own. */
export const limitOf: Readonly<Partial<Record<TransportName, LimitKind>>> = {
  fifo: "fifo",
  shm: "futex",
  signal: "signal",
  socket: "unix",
  rpc: "unix",
  redis: "tcp",
  mqtt: "tcp",
};

export type LimitKind = "futex" | "pipe" | "fifo" | "signal" | "unix" | "tcp";

/** Measures one limit: microseconds for 64 bytes there and back. */
export type MeasureLimit = (kind: LimitKind, count: number) => Promise<number>;

/** Compiles the program that measures the limits; `undefined` where no C compiler, or no Linux, is there. */
export async function compileLimits(folder: string, prefix: readonly string[]): Promise<MeasureLimit | undefined> {
  const compiler = ["/usr/bin/cc", "/usr/bin/gcc", "/usr/bin/clang"].find((path) => existsSync(path));
  if (compiler === undefined || process.platform !== "linux") return undefined;
  const program = join(folder, "limits");
  await execute(compiler, ["-O2", "-o", program, fileURLToPath(new URL("limits.c", import.meta.url))]);
  return async (kind, count) => {
    const [command, ...args] = [...prefix, program, kind, String(count)];
    const { stdout } = await execute(command ?? program, args);
    return Number(stdout);
  };
}
