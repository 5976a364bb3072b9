import { execFile } from "node:child_process";
import { readdir, readFile, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { promisify } from "node:util";

import { MetacoinError } from "../errors.ts";
import { writeFileAtomically } from "../files.ts";

const isSource = (path: string) => /\.[cm]?[jt]sx?$/u.test(path) && !/\.d\.[cm]?ts$/u.test(path);

/**
 * The TypeScript and JavaScript files of what was named: files as they are, folders with all below them.
 * Within a git work tree that is what git tracks or would track; elsewhere all but node_modules and hidden folders.
 *
 * @throws {NoSuchFileError}
 * @throws {NotSourceError}
 */
export async function listSources(named: readonly string[], cwd: string): Promise<readonly string[]> {
  const lists = await Promise.all(named.map((path) => listOne(resolve(cwd, path))));
  return [...new Set(lists.flat())].sort((a, b) => (a < b ? -1 : 1));
}

async function listOne(path: string): Promise<readonly string[]> {
  const facts = await stat(path).catch((cause: unknown) => {
    throw new NoSuchFileError(`There is no file ${path}`, { cause });
  });
  if (!facts.isDirectory() && !isSource(path))
    throw new NotSourceError(`${path} is no TypeScript or JavaScript with code in it`);
  if (!facts.isDirectory()) return [path];
  return ((await listTracked(path)) ?? (await listBelow(path))).filter(isSource);
}

async function listTracked(folder: string): Promise<readonly string[] | undefined> {
  const args = ["-C", folder, "ls-files", "-z", "--cached", "--others", "--exclude-standard"];
  try {
    const { stdout } = await promisify(execFile)("git", args, { maxBuffer: 2 ** 28 });
    const paths = stdout.split("\0").filter((path) => path !== "");
    const files = await Promise.all(paths.map(async (path) => ((await isFile(join(folder, path))) ? [path] : [])));
    return files.flat().map((path) => join(folder, path));
  } catch {
    return undefined;
  }
}

/** A deleted file is tracked until the next commit. */
async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (facts) => facts.isFile(),
    () => false,
  );
}

async function listBelow(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const lists = entries
    .filter(({ name }) => name !== "node_modules" && !name.startsWith("."))
    .map(async (entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return listBelow(path);
      return entry.isFile() ? [path] : [];
    });
  return (await Promise.all(lists)).flat();
}

const byteOrderMark = "\u{FEFF}";

/**
 * Puts `text` in place of `former`, keeping the file's mode and byte order mark: a new file, fsynced, renamed over the old.
 *
 * @throws {ChangedFileError} when the file no longer holds `former`.
 */
export async function replaceText(path: string, former: string, text: string): Promise<void> {
  const now = await readFile(path, "utf8");
  const mark = now.startsWith(byteOrderMark) ? byteOrderMark : "";
  if (now.slice(mark.length) !== former)
    throw new ChangedFileError(`${path} changed while it was checked`, { hint: "Run the same command again." });
  const mode = (await stat(path)).mode & 0o7777;
  await writeFileAtomically(path, `${mark}${text}`, { mode });
}

export class NoSuchFileError extends MetacoinError {
  override readonly code = "NO_SUCH_FILE";
}

export class NotSourceError extends MetacoinError {
  override readonly code = "NOT_SOURCE";
}

export class ChangedFileError extends MetacoinError {
  override readonly code = "CHANGED_FILE";
}
