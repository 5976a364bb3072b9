import { readdir, stat } from "node:fs/promises";
import { dirname, join, relative, resolve, sep } from "node:path";

import { MetacoinError } from "../errors.ts";

export type LocalFile = {
  readonly path: string;
  /** The directory it goes to, relative to the one the user chose: `""`, `"sepolia"`, `"sepolia/old"`. */
  readonly dir: string;
  readonly size: number;
};

/**
 * The files that paths stand for. A directory stands for all regular files below it and keeps its name, as with
 * `cp -r`; links inside a directory are not followed, and of records of deployments the journal and the lock stay.
 *
 * @throws {NoFileError}
 */
export async function listFiles(paths: readonly string[]): Promise<readonly LocalFile[]> {
  const found: LocalFile[] = [];
  for (const path of paths) {
    const stats = await stat(path).catch((cause: unknown) => {
      throw new NoFileError(`There is no ${path}`, { cause });
    });
    if (stats.isDirectory()) found.push(...(await listDirectory(path)));
    else if (!stats.isFile()) throw new NoFileError(`${path} is no file`);
    else found.push({ path, dir: "", size: stats.size });
  }
  if (found.length === 0) throw new NoFileError(`There is no file in ${paths.join(", ")}`);
  return found;
}

async function listDirectory(top: string): Promise<readonly LocalFile[]> {
  const root = resolve(top);
  const found: LocalFile[] = [];
  const directories = [root];
  for (const directory of directories) {
    const entries = await readdir(directory, { withFileTypes: true });
    const dir = relative(dirname(root), directory).split(sep).join("/");
    for (const entry of withoutJournal(entries).sort((one, other) => (one.name < other.name ? -1 : 1))) {
      const path = join(directory, entry.name);
      if (entry.isDirectory()) directories.push(path);
      if (entry.isFile()) found.push({ path, dir, size: (await stat(path)).size });
    }
  }
  return found;
}

/**
 * A folder of `deployments/` without what stays on the machine that deployed: whoever has a journal can send what was
 * signed and perhaps never sent.
 */
function withoutJournal<Entry extends { readonly name: string }>(entries: readonly Entry[]): Entry[] {
  const isOfDeployments = entries.some(({ name }) => name === ".chain.json" || name === ".journal");
  return entries.filter(({ name }) => !isOfDeployments || (name !== ".journal" && name !== ".lock"));
}

export class NoFileError extends MetacoinError {
  override readonly code = "NO_FILE";
}
