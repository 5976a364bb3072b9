import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { type Project, repository } from "../project.ts";

/** A signer, or what became of one, in a process of its own. */
export type SignerProcess = {
  readonly path: string;
  /** Of Node itself, not of the terminal it runs on. */
  readonly pid: number;
  /** Everything it has shown. */
  readonly shown: () => string;
  /** Resolves when it has shown this. */
  readonly shows: (text: string | RegExp) => Promise<void>;
  /** Types at its terminal. */
  readonly type: (text: string) => void;
  /** Its exit code, once it has ended. */
  readonly ended: Promise<number | null>;
  readonly kill: (signal: NodeJS.Signals) => Promise<number | null>;
};

type StartOptions = {
  readonly project: Project;
  readonly args?: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** On a pseudo-terminal, which Python makes; otherwise without one. */
  readonly terminal?: boolean;
  readonly path?: string;
};

/** Starts `hardhat ipc signer`; it need not have come up yet. */
export function startSigner(options: StartOptions): SignerProcess {
  const { project, args = [], env, terminal = false, path = join(project.folder, "signer.sock") } = options;
  const hardhat = join(repository, "node_modules/.bin/hardhat");
  const audit = join(project.folder, "audit.jsonl");
  const command = [hardhat, "ipc", "signer", "--network", "sepolia", "--path", path, "--audit", audit, ...args];
  const child = terminal ? spawnOnTerminal(command, project, env) : project.start(command.slice(1), env).child;
  let text = "";
  let changed = Promise.withResolvers<void>();
  const add = (chunk: Buffer) => {
    text = `${text}${chunk.toString()}`;
    changed.resolve();
    changed = Promise.withResolvers();
  };
  child.stdout?.on("data", add);
  child.stderr?.on("data", add);
  const ended = once(child, "close").then(([code]) => code as number | null);
  void ended.then(() => changed.resolve());
  return {
    path,
    get pid() {
      return terminal ? onlyChildOf(child.pid ?? 0) : (child.pid ?? 0);
    },
    shown: () => text,
    async shows(wanted) {
      while (typeof wanted === "string" ? !text.includes(wanted) : !wanted.test(text)) {
        if (child.exitCode !== null) throw new Error(`The signer ended before it showed ${String(wanted)}:\n${text}`);
        await changed.promise;
      }
    },
    ended,
    type: (typed) => void child.stdin?.write(typed),
    async kill(signal) {
      if (child.exitCode === null && child.signalCode === null)
        process.kill(terminal ? onlyChildOf(child.pid ?? 0) : (child.pid ?? 0), signal);
      return await ended;
    },
  };
}

const pty = "import pty, sys, os; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))";

function spawnOnTerminal(command: string[], project: Project, env: Readonly<Record<string, string>>): ChildProcess {
  const { MNEMONIC: _, PRIVATE_KEY: __, HH_TEST: ___, CI: ____, ...rest } = process.env;
  const path = `${join(repository, "node_modules/.bin")}:${process.env["PATH"] ?? ""}`;
  return spawn("/usr/bin/python3", ["-c", pty, ...command], {
    cwd: project.folder,
    env: { ...rest, PATH: path, ...env },
    stdio: ["pipe", "pipe", "pipe"],
  });
}

function onlyChildOf(pid: number): number {
  const child = Number(readFileSync(`/proc/${String(pid)}/task/${String(pid)}/children`, "utf8").trim());
  // A signal to 0 would reach everybody.
  if (!(child > 0)) throw new Error(`process ${String(pid)} has no child`);
  return child;
}

/** Writes a rules file; gives the arguments that pin it. */
export async function writeRules(project: Project, rules: object): Promise<string[]> {
  const text = JSON.stringify(rules, undefined, 2);
  await project.write({ "rules.json": text });
  const sha256 = createHash("sha256").update(text).digest("hex");
  return ["--rules", join(project.folder, "rules.json"), "--pin", sha256];
}
