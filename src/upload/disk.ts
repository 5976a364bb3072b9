import { constants, statfsSync } from "node:fs";
import { chmod, link, mkdir, open, readdir, unlink, type FileHandle } from "node:fs/promises";
import { join } from "node:path";

import { StoreError, StoreFullError } from "./failures.ts";
import { quote } from "./names.ts";

/** The folders of a store; every name in them is made here, never by a client. */
export type Disk = {
  readonly dir: string;
  readonly incoming: (id: string) => string;
  readonly blob: (sha256: string) => string;
};

export function diskAt(dir: string): Disk {
  return {
    dir,
    incoming: (id) => join(dir, "incoming", id),
    blob: (sha256) => join(dir, "blobs", sha256.slice(0, 2), sha256),
  };
}

/** What a folder may hold that is to become a store: nothing, or what `passwd` and a file system put there. */
const fresh = /^(?:auth\.db.*|lost\+found)$/u;

/** 0700 all of them. @throws {StoreError} for a folder that is somebody else's. */
export async function makeFolders({ dir }: Disk): Promise<void> {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const names = await readdir(dir);
  const foreign = names.includes("catalog.db") ? undefined : names.find((name) => !fresh.test(name));
  if (foreign !== undefined)
    throw new StoreError(`${dir} is no store, and holds other things: ${quote(foreign)}`, {
      hint: "Choose an empty folder, or one to be made: --dir DIR",
    });
  await chmod(dir, 0o700);
  for (const name of ["incoming", "blobs", "quarantine"])
    await mkdir(join(dir, name), { recursive: true, mode: 0o700 });
}

export async function openIncoming(path: string): Promise<FileHandle> {
  return guardSpace(() => open(path, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o600));
}

/** Writes all of `data` at `position`, however the system divides it. */
export async function writeFully(file: FileHandle, data: readonly Buffer[], position: number): Promise<void> {
  let rest = [...data];
  let at = position;
  while (rest.length > 0) {
    const { bytesWritten } = await guardSpace(() => file.writev(rest, at));
    at += bytesWritten;
    rest = skip(rest, bytesWritten);
  }
}

/**
 * Gives a finished file its content's name too, which nobody may write any more.
 *
 * @returns false where the content was there already.
 */
export async function linkBlob(disk: Disk, id: string, sha256: string): Promise<boolean> {
  const target = disk.blob(sha256);
  const folder = join(target, "..");
  return guardSpace(async () => {
    if ((await mkdir(folder, { recursive: true, mode: 0o700 })) !== undefined) await syncFile(join(folder, ".."));
    try {
      await link(disk.incoming(id), target);
    } catch (error) {
      if (hasCode(error, "EEXIST")) return false;
      throw error;
    }
    await chmod(target, 0o400);
    await syncFile(folder);
    return true;
  });
}

/** Takes `linkBlob` back: the file is an upload again. */
export async function unlinkBlob(disk: Disk, id: string, sha256: string): Promise<void> {
  await removeQuietly(disk.blob(sha256));
  await chmod(disk.incoming(id), 0o600);
}

export async function removeQuietly(path: string): Promise<void> {
  await unlink(path).catch((error: unknown) => {
    if (!hasCode(error, "ENOENT")) throw error;
  });
}

/** Bytes the file system has left for us. */
export function freeSpace(dir: string): number {
  const { bavail, bsize } = statfsSync(dir);
  return bavail * bsize;
}

/** Bytes the file system has, also those in use. */
export function wholeSpace(dir: string): number {
  const { blocks, bsize } = statfsSync(dir);
  return blocks * bsize;
}

/** The bytes of `data` from `from` on, `count` of them; nothing is copied. */
export function cut(data: readonly Buffer[], from: number, count: number): Buffer[] {
  const tail = skip(data, from);
  const taken: Buffer[] = [];
  let left = count;
  for (const part of tail) {
    if (left === 0) break;
    const piece = part.subarray(0, left);
    taken.push(piece);
    left -= piece.length;
  }
  return taken;
}

function skip(data: readonly Buffer[], count: number): Buffer[] {
  let left = count;
  return data.flatMap((part) => {
    const dropped = Math.min(left, part.length);
    left -= dropped;
    return dropped === part.length ? [] : [part.subarray(dropped)];
  });
}

/** Also of a folder: then its entries. */
export async function syncFile(path: string): Promise<void> {
  const file = await open(path, constants.O_RDONLY);
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

async function guardSpace<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (cause) {
    if (hasCode(cause, "ENOSPC") || hasCode(cause, "EDQUOT")) throw new StoreFullError("The disk is full", { cause });
    if (hasCode(cause, "ENOENT")) throw new StoreError("The store's folder is gone", { cause });
    throw cause;
  }
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
