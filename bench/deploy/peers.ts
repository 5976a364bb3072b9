import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { mkdir, rm, symlink } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";

import { repository } from "../../test/helpers/project.ts";

/** Newer ones want a @rocketh/node that the registry of this machine does not have. */
export const hardhatDeployPackages = {
  "hardhat-deploy": "2.0.0-next.66",
  rocketh: "0.17.15",
  "@rocketh/node": "0.17.18",
  "@rocketh/deploy": "0.17.9",
} as const;

/** Peers are no dependencies: they live in a cache folder and share the Hardhat of this repository. */
export async function installHardhatDeploy(): Promise<string> {
  const folder = join(homedir(), ".cache/metacoin-bench/deploy");
  const modules = join(folder, "node_modules");
  const packages = Object.entries(hardhatDeployPackages);
  if (packages.every(([name, version]) => versionOf(join(modules, name)) === version)) {
    if (existsSync(join(modules, "hardhat"))) return modules;
  } else {
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true });
    const flags = ["--prefix", folder, "--no-audit", "--no-fund", "--ignore-scripts", "--legacy-peer-deps"];
    const names = packages.map(([name, version]) => `${name}@${version}`);
    execFileSync("npm", ["install", ...flags, ...names], { stdio: ["ignore", 2, 2] });
  }
  await symlink(join(repository, "node_modules/hardhat"), join(modules, "hardhat"));
  return modules;
}

export function versionOf(folder: string): string | undefined {
  const path = join(folder, "package.json");
  return existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as { version: string }).version : undefined;
}
