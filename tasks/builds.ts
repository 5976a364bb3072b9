import { createHash } from "node:crypto";
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";

import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";

import type { Artifact, BuildFacts } from "../src/deploy/artifact.ts";
import { writeFileAtomically } from "../src/files.ts";
import { onStderr } from "./quiet.ts";

/** The compiler's results, read when they are asked for and once. */
export type Builds = {
  readonly artifactOf: (contract: string) => Promise<Artifact>;
  readonly buildFactsOf: (artifact: Artifact) => Promise<BuildFacts>;
  /** The standard JSON input of a build that is still at hand. */
  readonly solcInputOf: (hash: string) => Promise<string | undefined>;
};

/** The file that Hardhat writes for a build. */
type BuildInfo = { readonly solcLongVersion: string; readonly input: unknown };
type BuildOutput = {
  readonly output: {
    readonly contracts: Readonly<Record<string, Readonly<Record<string, { readonly metadata?: string }>>>>;
  };
};

type Build = { readonly info: BuildInfo; readonly output: BuildOutput; readonly input: string; readonly hash: string };

export function readBuilds(hre: HardhatRuntimeEnvironment): Builds {
  const builds = new Map<string, Promise<Build>>();

  function buildOf(id: string): Promise<Build> {
    const known = builds.get(id) ?? readBuild(hre, id);
    builds.set(id, known);
    return known;
  }

  return {
    async artifactOf(contract) {
      return hre.artifacts.readArtifact(contract);
    },
    async buildFactsOf({ buildInfoId, inputSourceName, contractName }) {
      if (buildInfoId === undefined) return { metadata: "", solcLongVersion: "", solcInputHash: "" };
      const { info, output, hash } = await buildOf(buildInfoId);
      const metadata = output.output.contracts[inputSourceName ?? ""]?.[contractName]?.metadata ?? "";
      return { metadata, solcLongVersion: info.solcLongVersion, solcInputHash: hash };
    },
    async solcInputOf(hash) {
      for (const id of await hre.artifacts.getAllBuildInfoIds()) {
        const build = await buildOf(id);
        if (build.hash === hash) return build.input;
      }
      return undefined;
    },
  };
}

async function readBuild(hre: HardhatRuntimeEnvironment, id: string): Promise<Build> {
  const [infoPath, outputPath] = await Promise.all([
    hre.artifacts.getBuildInfoPath(id),
    hre.artifacts.getBuildInfoOutputPath(id),
  ]);
  const info: BuildInfo = JSON.parse(await readFile(infoPath ?? "", "utf8"));
  const output: BuildOutput = JSON.parse(await readFile(outputPath ?? "", "utf8"));
  const input = JSON.stringify(info.input);
  return { info, output, input, hash: createHash("sha256").update(input).digest("hex").slice(0, 32) };
}

/**
 * Compiles what changed. Hardhat's own task loads the compiler (0.3 s) even where nothing did, so that is looked at
 * first; what the task prints goes to stderr, since stdout carries the result alone.
 */
export async function build(hre: HardhatRuntimeEnvironment, signal?: AbortSignal): Promise<void> {
  const stamp = join(hre.config.paths.cache, "metacoin-build.json");
  const isBuilt = async () => {
    const before = await readFile(stamp, "utf8").catch(() => undefined);
    return before !== undefined && before === (await fingerprint(hre));
  };
  if (await isBuilt()) return;
  // Two builds at once would move each other's files away.
  const { lockFolder } = await import("../src/deploy/lock.ts");
  const onWait = (pid: string) => process.stderr.write(`Process ${pid} compiles now; waiting for it\n`);
  const lock = await lockFolder(hre.config.paths.cache, "the compiler's cache", { signal, onWait });
  try {
    if (await isBuilt()) return;
    await onStderr(() => hre.tasks.getTask("build").run({ quiet: true }));
    await writeFileAtomically(stamp, await fingerprint(hre));
  } finally {
    await lock.release();
  }
}

/** What a build depends on and what it left: sources, configuration, profile, build infos; by name, size and time. */
async function fingerprint(hre: HardhatRuntimeEnvironment): Promise<string> {
  const { root, config, artifacts, sources } = hre.config.paths;
  const listings = await Promise.all([...sources.solidity, join(artifacts, "build-info")].map(listFiles));
  const files = [...listings.flat(), config ?? "", join(root, "package-lock.json")];
  const facts = await Promise.all(
    files
      .toSorted((one, other) => one.localeCompare(other))
      .map(async (file) => {
        const { size, mtimeMs } = await stat(file).catch(() => ({ size: 0, mtimeMs: 0 }));
        return [file, size, mtimeMs];
      }),
  );
  return JSON.stringify([hre.globalOptions.buildProfile, facts]);
}

async function listFiles(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}
