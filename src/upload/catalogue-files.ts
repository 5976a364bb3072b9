import { numberOf, textOf, type Catalogue, type Row } from "./catalogue.ts";
import type { FilePath, StoredFile } from "./core.ts";
import { DirectoryNotEmptyError, NameTakenError, NotFoundError } from "./failures.ts";
import { checkDir, checkName, joinPath, parentOf, quote } from "./names.ts";

/** The published files and their directories, as rows; bytes are somebody else's. */
export type FileRows = ReturnType<typeof createFileRows>;

export function createFileRows({ database, transaction, urgently }: Catalogue) {
  const byPath = database.prepare("SELECT * FROM file WHERE dir = ? AND name = ?");
  const inDir = database.prepare("SELECT * FROM file WHERE dir = ? ORDER BY name");
  const dirsIn = database.prepare("SELECT path FROM directory WHERE parent = ? AND path <> '' ORDER BY path");
  const dirAt = database.prepare("SELECT path FROM directory WHERE path = ?");
  const insertFile = database.prepare("INSERT INTO file VALUES (?, ?, ?, ?, ?)");
  const moveFile = database.prepare("UPDATE file SET dir = ?, name = ? WHERE dir = ? AND name = ?");
  const deleteFile = database.prepare("DELETE FROM file WHERE dir = ? AND name = ?");
  const insertDir = database.prepare("INSERT OR IGNORE INTO directory VALUES (?, ?)");
  const deleteDir = database.prepare("DELETE FROM directory WHERE path = ?");
  const below = database.prepare(
    "SELECT path FROM directory WHERE path = ?1 OR substr(path, 1, length(?1) + 1) = ?1 || '/'",
  );
  const moveDirRow = database.prepare("UPDATE directory SET path = ?, parent = ? WHERE path = ?");
  const moveFilesIn = database.prepare("UPDATE file SET dir = ? WHERE dir = ?");
  const byContent = database.prepare("SELECT 1 FROM file WHERE sha256 = ? LIMIT 1");
  const contents = database.prepare("SELECT sha256, min(size) AS size FROM file GROUP BY sha256");
  const total = database.prepare("SELECT files, stored FROM total");

  const find = ({ dir, name }: FilePath): StoredFile | undefined => {
    const row = byPath.get(dir, name);
    return row === undefined ? undefined : toFile(row);
  };
  const hasDirectory = (dir: string) => dir === "" || dirAt.get(dir) !== undefined;
  const needDirectory = (dir: string) => {
    if (!hasDirectory(dir)) throw new NotFoundError(`There is no directory ${quote(dir)}`, { hint: "Make it first." });
  };
  const needFree = (path: FilePath) => {
    if (find(path) !== undefined || dirAt.get(joinPath(path)) !== undefined)
      throw new NameTakenError(`${quote(joinPath(path))} already exists`);
  };
  const need = (path: FilePath): StoredFile => {
    const file = find(path);
    if (file === undefined) throw new NotFoundError(`There is no file ${quote(joinPath(path))}`);
    return file;
  };

  const list = (given: string) => {
    const dir = checkDir(given);
    needDirectory(dir);
    return {
      dirs: dirsIn.all(dir).map((row) => textOf(row, "path")),
      files: inDir.all(dir).map(toFile),
    };
  };

  const insert = (file: StoredFile): void => {
    needDirectory(file.dir);
    needFree(file);
    insertFile.run(file.dir, file.name, file.size, file.sha256, file.createdMs);
  };

  const move = (from: FilePath, to: FilePath): StoredFile =>
    transaction(() => {
      const target = { dir: checkDir(to.dir), name: checkName(to.name) };
      const file = need(from);
      if (joinPath(target) === joinPath(from)) return file;
      needDirectory(target.dir);
      needFree(target);
      moveFile.run(target.dir, target.name, from.dir, from.name);
      return { ...file, ...target };
    });

  /** @returns the file, and whether no other has its content. */
  const remove = (path: FilePath): { file: StoredFile; last: boolean } =>
    urgently(() =>
      transaction(() => {
        const file = need(path);
        deleteFile.run(file.dir, file.name);
        return { file, last: byContent.get(file.sha256) === undefined };
      }),
    );

  const makeDirectory = (given: string): void =>
    transaction(() => {
      for (let dir = checkDir(given); dir !== "" && !hasDirectory(dir); dir = parentOf(dir)) {
        if (find(pathOf(dir)) !== undefined) throw new NameTakenError(`${quote(dir)} is a file`);
        insertDir.run(dir, parentOf(dir));
      }
    });

  const removeDirectory = (given: string): void =>
    transaction(() => {
      const dir = checkDir(given);
      if (dir === "") throw new DirectoryNotEmptyError("The root cannot be removed");
      const { dirs, files } = list(dir);
      if (dirs.length > 0 || files.length > 0)
        throw new DirectoryNotEmptyError(
          `${quote(dir)} is not empty: ${String(dirs.length)} directories, ${String(files.length)} files`,
        );
      deleteDir.run(dir);
    });

  const moveDirectory = (given: string, target: string): void =>
    transaction(() => {
      const [from, to] = [checkDir(given), checkDir(target)];
      if (from === to) return;
      needDirectory(from);
      if (from === "" || to === "" || to.startsWith(`${from}/`))
        throw new NameTakenError(`${quote(from)} cannot be moved to ${quote(to)}`);
      needDirectory(parentOf(to));
      needFree(pathOf(to));
      for (const path of below.all(from).map((row) => textOf(row, "path"))) {
        const moved = checkDir(`${to}${path.slice(from.length)}`);
        moveDirRow.run(moved, parentOf(moved), path);
        moveFilesIn.run(moved, path);
      }
    });

  return {
    find,
    list,
    insert,
    move,
    remove,
    makeDirectory,
    removeDirectory,
    moveDirectory,
    hasDirectory,
    needDirectory,
    needFree,
    hasContent: (sha256: string) => byContent.get(sha256) !== undefined,
    contents: () => contents.all().map((row) => ({ sha256: textOf(row, "sha256"), size: numberOf(row, "size") })),
    count: () => {
      const row = total.get() ?? {};
      return { files: numberOf(row, "files"), stored: numberOf(row, "stored") };
    },
  };
}

function pathOf(dir: string): FilePath {
  const parent = parentOf(dir);
  return { dir: parent, name: parent === "" ? dir : dir.slice(parent.length + 1) };
}

function toFile(row: Row): StoredFile {
  return {
    dir: textOf(row, "dir"),
    name: textOf(row, "name"),
    size: numberOf(row, "size"),
    sha256: textOf(row, "sha256"),
    createdMs: numberOf(row, "created"),
  };
}
