import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const hardhat = fileURLToPath(new URL("../../../node_modules/hardhat/dist/src/cli.js", import.meta.url));

export type Ended = { readonly code: number | null; readonly stdout: string; readonly stderr: string };

type Environment = Readonly<Record<string, string>>;

/** Runs `npx hardhat …` to its end, with the environment of a user who set these variables. */
export async function hardhatCommand(args: readonly string[], env: Environment): Promise<Ended> {
  const child = start(args, env);
  if (child.stdout === null || child.stderr === null) throw new Error("no output");
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "close")]);
  return { code: child.exitCode, stdout, stderr };
}

export type Service = { readonly line: string; readonly stop: () => Promise<number | null> };

/** Starts a command that goes on until it is interrupted, and waits for a line that matches, on either stream. */
export async function hardhatService(args: readonly string[], env: Environment, ready: RegExp): Promise<Service> {
  const child = start(args, env);
  const found = Promise.withResolvers<string>();
  for (const stream of [child.stdout, child.stderr])
    if (stream !== null)
      createInterface({ input: stream }).on("line", (line) => {
        if (ready.test(line)) found.resolve(line);
      });
  child.once("exit", (code) => found.reject(new Error(`hardhat ${args.join(" ")} ended with ${String(code)}`)));
  const line = await found.promise;
  return {
    line,
    async stop() {
      const gone = once(child, "exit");
      child.kill("SIGINT");
      await gone;
      return child.exitCode;
    },
  };
}

function start(args: readonly string[], env: Environment): ChildProcess {
  const { PATH = "", HOME = "" } = process.env;
  return spawn(process.execPath, [hardhat, ...args], {
    cwd: root,
    env: { PATH, HOME, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
}
