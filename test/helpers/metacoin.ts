import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { makeProject, type Project, repository } from "./project.ts";

/** The repository's own contracts and deployment script in a project of its own, built. */
export async function makeMetaCoin(): Promise<Project> {
  const sources = ["contracts/ConvertLib.sol", "contracts/MetaCoin.sol"];
  const texts = await Promise.all(sources.map((path) => readFile(join(repository, path), "utf8")));
  const project = await makeProject({
    ...Object.fromEntries(sources.map((path, index) => [path, texts[index] ?? ""])),
    "scripts/deploy/001_metacoin.ts": `export { default } from "{repository}/scripts/deploy/001_metacoin.ts";\n`,
  });
  await project.build();
  return project;
}
