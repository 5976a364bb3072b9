import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The root of this repository. */
export const repository = fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/u, "");

export type Finished = { readonly code: number | null; readonly stdout: string; readonly stderr: string };

export type Running = { readonly child: ChildProcess; readonly finished: Promise<Finished> };

/** A Hardhat project of its own in a temporary folder, with the tasks and the configuration of this one. */
export type Project = {
  readonly folder: string;
  /** Runs `hardhat …` in a process of its own to its end. */
  readonly run: (args: readonly string[], env?: Readonly<Record<string, string>>) => Promise<Finished>;
  readonly start: (args: readonly string[], env?: Readonly<Record<string, string>>) => Running;
  /** Compiles as the commands do, which then find nothing left to compile; in copies too. */
  readonly build: () => Promise<void>;
  readonly write: (files: Readonly<Record<string, string>>) => Promise<void>;
  /** The same project, built as it is, in a folder of its own. */
  readonly copy: () => Promise<Project>;
  readonly remove: () => Promise<void>;
};

/** @param files path → text; `{repository}` in it stands for the root of this repository. */
export async function makeProject(files: Readonly<Record<string, string>>): Promise<Project> {
  const project = await prepare(await mkdtemp(join(tmpdir(), "metacoin-")));
  await project.write({
    "package.json": `{ "type": "module" }\n`,
    "hardhat.config.ts": `export { default } from "{repository}/hardhat.config.ts";\n`,
    ...files,
  });
  return project;
}

async function prepare(folder: string): Promise<Project> {
  await symlink(join(repository, "node_modules"), join(folder, "node_modules"));
  const start: Project["start"] = (args, env = {}) => {
    const child = spawn(join(repository, "node_modules/.bin/hardhat"), args, {
      cwd: folder,
      env: { ...cleanEnvironment(), ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    return { child, finished: collect(child) };
  };
  return {
    folder,
    start,
    run: (args, env) => start(args, env).finished,
    async build() {
      const { code, stderr } = await start(["deployments"]).finished;
      if (code !== 0) throw new Error(stderr);
    },
    async write(entries) {
      for (const [path, text] of Object.entries(entries)) {
        const target = join(folder, path);
        await mkdir(dirname(target), { recursive: true });
        await writeFile(target, text.replaceAll("{repository}", repository));
      }
    },
    async copy() {
      const target = await mkdtemp(join(tmpdir(), "metacoin-"));
      const filter = (path: string) => !path.endsWith("node_modules");
      await cp(folder, target, { recursive: true, preserveTimestamps: true, filter });
      // What the builds remember is told by whole paths.
      for (const name of await readdir(join(target, "cache")).catch(() => [])) {
        if (!name.endsWith(".json")) continue;
        const path = join(target, "cache", name);
        await writeFile(path, (await readFile(path, "utf8")).replaceAll(folder, target));
      }
      return prepare(target);
    },
    async remove() {
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** The tests' own process is marked as a test run and as CI; a user's shell is not. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  const { HH_TEST: _, NODE_ENV: __, CI: ___, MNEMONIC: ____, PRIVATE_KEY: _____, ...rest } = process.env;
  const inherited = Object.entries(rest).filter(([name]) => !name.startsWith("HARDHAT_") && !name.endsWith("_URL"));
  return {
    ...Object.fromEntries(inherited),
    PATH: `${join(repository, "node_modules/.bin")}:${process.env["PATH"] ?? ""}`,
  };
}

async function collect(child: ChildProcess): Promise<Finished> {
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout?.on("data", (chunk: Buffer) => out.push(chunk));
  child.stderr?.on("data", (chunk: Buffer) => err.push(chunk));
  const [code] = (await once(child, "close")) as [number | null];
  return { code, stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString() };
}
