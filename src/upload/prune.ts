import { createHash } from "node:crypto";
import { constants, existsSync, rmSync } from "node:fs";
import { lstat, open, readdir, rename } from "node:fs/promises";
import { join, resolve } from "node:path";

import { lockStore, openCatalogue, type Catalogue } from "./catalogue.ts";
import { createFileRows, type FileRows } from "./catalogue-files.ts";
import { createUploadRows, type UploadRows } from "./catalogue-uploads.ts";
import type { Upload, UploadState } from "./core.ts";
import { diskAt, removeQuietly, type Disk } from "./disk.ts";
import { StoreError } from "./failures.ts";
import { isIdle } from "./idle.ts";
import { findOrphans } from "./repair.ts";

export type Pruned = {
  readonly dryRun: boolean;
  /** Uploads that were idle, and whose bytes are gone now. */
  readonly uploads: readonly { readonly id: string; readonly name: string; readonly received: number }[];
  /** Files in incoming/ and blobs/ that no row named. */
  readonly strayIncoming: readonly string[];
  readonly strayBlobs: readonly string[];
  /** Contents that file rows name and that are not there; nothing is removed for them. */
  readonly missing: readonly string[];
  /** With `verify`: contents whose bytes are not those of their name any more, moved to quarantine/. */
  readonly damaged: readonly string[];
  readonly freedBytes: number;
};

export type PruneOptions = {
  readonly dir: string;
  /** Touches nothing younger. */
  readonly olderMs: number;
  /** Reads all contents. */
  readonly verify?: boolean;
  /** Only says what it would do. */
  readonly dryRun?: boolean;
  readonly now?: () => number;
};

/** While a server runs, what is this young may be about to get its row. */
const graceMs = 3_600_000;

/**
 * Removes what idles and what belongs to nothing; published files are never touched.
 *
 * @throws {StoreError} where a server runs and `olderMs` is under an hour.
 */
export async function pruneStore({
  dir,
  olderMs,
  verify = false,
  dryRun = false,
  now = Date.now,
}: PruneOptions): Promise<Pruned> {
  const release = claim(needStore(dir), olderMs);
  const catalogue = openCatalogue(resolve(dir));
  try {
    const context = {
      disk: diskAt(resolve(dir)),
      uploads: createUploadRows(catalogue),
      files: createFileRows(catalogue),
      transaction: catalogue.transaction,
      before: now() - olderMs,
      dryRun,
      now,
    };
    const uploads = await pruneUploads(context);
    const strayIncoming = await pruneIncoming(context);
    const strayBlobs = await pruneBlobs(context);
    const { missing, damaged } = await checkContents(context, verify);
    const freedBytes = [
      ...uploads.map(({ received }) => received),
      ...[...strayIncoming, ...strayBlobs].map(({ bytes }) => bytes),
    ];
    return {
      dryRun,
      uploads: uploads.map(({ id, name, received }) => ({ id, name, received })),
      strayIncoming: strayIncoming.map(({ name }) => name),
      strayBlobs: strayBlobs.map(({ name }) => name),
      missing,
      damaged,
      freedBytes: freedBytes.reduce((sum, bytes) => sum + bytes, 0),
    };
  } finally {
    catalogue.close();
    release();
  }
}

/** The uploads a store knows, newest first; a server may be running. @throws {StoreError} where there is no store. */
export function listUploads(dir: string, state?: UploadState): readonly Upload[] {
  const catalogue = openCatalogue(needStore(dir));
  try {
    return createUploadRows(catalogue).list(state);
  } finally {
    catalogue.close();
  }
}

type Pruning = {
  readonly disk: Disk;
  readonly uploads: UploadRows;
  readonly files: FileRows;
  readonly transaction: Catalogue["transaction"];
  readonly before: number;
  readonly dryRun: boolean;
  readonly now: () => number;
};

type Stray = { readonly name: string; readonly bytes: number };

async function pruneUploads({ disk, uploads, before, dryRun, now }: Pruning): Promise<readonly Upload[]> {
  const idle = uploads.holding().filter((upload) => isIdle(upload, before, uploads));
  if (dryRun) return idle;
  for (const { id } of idle) {
    uploads.end(id, "pruned", now());
    await removeQuietly(disk.incoming(id));
  }
  uploads.forget(before);
  return idle;
}

async function pruneIncoming({ disk, uploads, before, dryRun }: Pruning): Promise<readonly Stray[]> {
  const kept = new Set(uploads.holding().map(({ id }) => id));
  const names = await readdir(join(disk.dir, "incoming"));
  const strays = names
    .filter((name) => !kept.has(name))
    .map((name) => ({ name, path: join(disk.dir, "incoming", name) }));
  return removeOld(strays, { before, dryRun, remove: removeQuietly });
}

async function pruneBlobs({ disk, files, transaction, before, dryRun }: Pruning): Promise<readonly Stray[]> {
  // A server may publish the same content at this moment: nobody gets a row between the look and the removal.
  const remove = async (path: string, name: string) =>
    transaction(() => {
      if (!files.hasContent(name)) rmSync(path, { force: true });
    });
  return removeOld(await findOrphans(disk, files), { before, dryRun, remove });
}

/** A blob gets its change time when it is linked, so that is its age. */
async function removeOld(
  strays: readonly { readonly name: string; readonly path: string }[],
  {
    before,
    dryRun,
    remove,
  }: Pick<Pruning, "before" | "dryRun"> & { readonly remove: (path: string, name: string) => Promise<void> },
): Promise<readonly Stray[]> {
  const removed: Stray[] = [];
  for (const { name, path } of strays) {
    const { size, ctimeMs } = await lstat(path);
    if (ctimeMs > before) continue;
    if (!dryRun) await remove(path, name);
    removed.push({ name, bytes: size });
  }
  return removed;
}

async function checkContents(
  { disk, files, dryRun }: Pruning,
  verify: boolean,
): Promise<{ missing: string[]; damaged: string[] }> {
  const missing: string[] = [];
  const damaged: string[] = [];
  for (const { sha256 } of files.contents()) {
    const path = disk.blob(sha256);
    if (!existsSync(path)) missing.push(sha256);
    else if (verify && (await hashOf(path)) !== sha256) {
      damaged.push(sha256);
      if (!dryRun) await rename(path, join(disk.dir, "quarantine", sha256));
    }
  }
  return { missing, damaged };
}

async function hashOf(path: string): Promise<string> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  const hash = createHash("sha256");
  for await (const bytes of file.createReadStream({ highWaterMark: 1024 * 1024 })) hash.update(bytes);
  return hash.digest("hex");
}

/** Keeps a server from starting meanwhile; with one running, only what is old may be touched. */
function claim(dir: string, olderMs: number): () => void {
  try {
    return lockStore(dir).release;
  } catch (cause) {
    if (olderMs >= graceMs) return () => undefined;
    throw new StoreError("A server runs: only what is older than an hour can be pruned", {
      hint: "--older 1h, or end the server first.",
      cause,
    });
  }
}

function needStore(dir: string): string {
  const path = resolve(dir);
  if (existsSync(join(path, "catalog.db"))) return path;
  throw new StoreError(`There is no store in ${path}`, {
    hint: "npx hardhat upload serve makes one; --dir names another.",
  });
}
