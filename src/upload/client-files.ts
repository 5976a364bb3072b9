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
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const found = entries
    .filter((entry) => entry.isFile())
    .map(async ({ parentPath, name }) => {
      const path = join(parentPath, name);
      const dir = relative(dirname(root), parentPath).split(sep).join("/");
      return { path, dir, size: (await stat(path)).size };
    });
  return (await Promise.all(found)).sort((one, other) => (one.path < other.path ? -1 : 1));
}

export class NoFileError extends MetacoinError {
  override readonly code = "NO_FILE";
}
