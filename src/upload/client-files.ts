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
 * `cp -r`; links inside a directory are not followed.
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
    for (const entry of entries.sort((one, other) => (one.name < other.name ? -1 : 1))) {
      const path = join(directory, entry.name);
      if (entry.isDirectory()) directories.push(path);
      if (entry.isFile()) found.push({ path, dir, size: (await stat(path)).size });
    }
  }
  return found;
}

export class NoFileError extends MetacoinError {
  override readonly code = "NO_FILE";
}
