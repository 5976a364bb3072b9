import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

import type { Endpoint, TransportName } from "../../../src/ipc/contract.ts";

const fixture = (name: string) => fileURLToPath(new URL(`../../fixtures/ipc/${name}`, import.meta.url));

const repository = fileURLToPath(new URL("../../..", import.meta.url));

/** Hardhat of this repository, as a person runs it. */
export function repositoryProgram(args: readonly string[], env: Readonly<Record<string, string>>): Program {
  return run(join(repository, "node_modules/.bin/hardhat"), args, { ...process.env, ...env });
}

/** A program and the lines it has printed. */
export type Program = {
  readonly child: ChildProcess;
  readonly pid: number;
  readonly lines: readonly string[];
  /** The first line that fits, printed already or still to come; fails when the program ends first. */
  readonly line: (fits: (line: string) => boolean) => Promise<string>;
  /** Resolves when standard error has said this. */
  readonly said: (text: string) => Promise<void>;
  readonly errors: () => string;
  /** Its exit code, or the signal that ended it. */
  readonly ended: Promise<number | string>;
  readonly kill: (signal?: NodeJS.Signals) => Promise<number | string>;
  /** Memory it occupies now, in bytes. */
  readonly residentBytes: () => number;
};

export function run(command: string, args: readonly string[], env: NodeJS.ProcessEnv = process.env): Program {
  const child = spawn(command, args, { stdio: ["pipe", "pipe", "pipe"], env, cwd: repository });
  const lines: string[] = [];
  const errors: string[] = [];
  const waiting = new Set<() => void>();
  const look = () => {
    for (const each of waiting) each();
  };
  createInterface({ input: child.stdout }).on("line", (line) => {
    lines.push(line);
    look();
  });
  child.stderr.on("data", (data: Buffer) => {
    errors.push(data.toString());
    look();
  });
  let over: number | string | undefined;
  const ended = once(child, "close").then(([code, signal]: unknown[]) => {
    over = typeof code === "number" ? code : String(signal);
    look();
    return over;
  });
  const until = (find: () => string | undefined) =>
    new Promise<string>((resolve, reject) => {
      const check = () => {
        const found = find();
        if (found === undefined && over === undefined) return;
        waiting.delete(check);
        if (found !== undefined) resolve(found);
        else reject(new Error(`${command} ended (${String(over)}): ${lines.join("\n")}${errors.join("")}`));
      };
      waiting.add(check);
      check();
    });
  return {
    child,
    pid: child.pid ?? 0,
    lines,
    line: (fits) => until(() => lines.find(fits)),
    said: async (text) => {
      await until(() => (errors.join("").includes(text) ? text : undefined));
    },
    errors: () => errors.join(""),
    ended,
    kill(signal = "SIGKILL") {
      child.kill(signal);
      return ended;
    },
    residentBytes: () =>
      Number(/VmRSS:\s+(\d+)/u.exec(readFileSync(`/proc/${String(child.pid)}/status`, "utf8"))?.[1]) * 1024,
  };
}

/** A server in a process of its own; resolves when it listens. */
export async function startServer(
  transport: TransportName,
  endpoint: Endpoint,
  key?: string,
): Promise<Program & { readonly address: string }> {
  const program = startServing(transport, endpoint, key);
  const ready = await program.line((line) => line.startsWith("ready "));
  return { ...program, address: ready.slice(6) };
}

/** The same, not awaited: it prints "ready …" or "refused CODE". */
export function startServing(transport: TransportName, endpoint: Endpoint, key?: string): Program {
  const args = [fixture("serve.ts"), transport, JSON.stringify(endpoint), ...(key === undefined ? [] : [key])];
  return run(process.execPath, args);
}

/** Debian's Python, with its packages, and the one of the developer, where there is one. */
export const pythons = [
  "/usr/bin/python3",
  ...["3.11.7", "3.12.1", "3.13.0"].map((version) => `/root/.pyenv/versions/${version}/bin/python3`),
];

export function runPython(python: string, script: string, args: readonly string[]): Program {
  return run(python, ["-u", fixture(script), ...args]);
}
