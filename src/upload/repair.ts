import { chmod, readdir } from "node:fs/promises";
import { join } from "node:path";

import type { FileRows } from "./catalogue-files.ts";
import type { UploadRows } from "./catalogue-uploads.ts";
import { removeQuietly, type Disk } from "./disk.ts";
import type { Hasher } from "./hashing.ts";

/** What the start of a store mended. */
export type Repair = {
  /** Ranges that were recorded and whose bytes are not (all) there. */
  readonly droppedRanges: number;
  /** Files of uploads that are over, and contents no file row names. */
  readonly removedIncoming: number;
  readonly removedBlobs: number;
};

/** After an unclean end: checks the bytes of active uploads and removes what no row names. Nobody else may write. */
export async function repairStore(context: {
  readonly uploads: UploadRows;
  readonly files: FileRows;
  readonly disk: Disk;
  readonly hasher: Hasher;
}): Promise<Repair> {
  const { uploads, files, disk } = context;
  const incoming = new Set(await readdir(join(disk.dir, "incoming")));
  const wanted = new Set(uploads.holding().map(({ id }) => id));
  let droppedRanges = 0;
  for (const id of wanted) droppedRanges += await checkRanges(id, incoming.has(id), context);
  const stray = [...incoming].filter((id) => !wanted.has(id));
  for (const id of stray) await removeQuietly(join(disk.dir, "incoming", id));
  const orphans = await findOrphans(disk, files);
  for (const { path } of orphans) await removeQuietly(path);
  return { droppedRanges, removedIncoming: stray.length, removedBlobs: orphans.length };
}

/** The files below blobs/ that are no content of a published file, with their paths. */
export async function findOrphans({ dir, blob }: Disk, files: FileRows): Promise<{ name: string; path: string }[]> {
  const found = await readdir(join(dir, "blobs"), { recursive: true, withFileTypes: true });
  return found
    .filter((entry) => !entry.isDirectory())
    .map(({ name, parentPath }) => ({ name, path: join(parentPath, name) }))
    .filter(({ name, path }) => path !== blob(name) || !files.hasContent(name));
}

async function checkRanges(
  id: string,
  exists: boolean,
  { uploads, disk, hasher }: { readonly uploads: UploadRows; readonly disk: Disk; readonly hasher: Hasher },
): Promise<number> {
  // It may have been linked as a content already, which nobody may write.
  if (exists) await chmod(disk.incoming(id), 0o600);
  const rows = uploads.ranges(id);
  if (rows.length === 0) return 0;
  const pieces = rows.map(({ range: [start, end], crc }) => ({ start, end, crc }));
  const bad = exists ? await hasher.check(id, disk.incoming(id), pieces) : [...pieces.keys()];
  const starts = bad.flatMap((index) => pieces[index]?.start ?? []);
  if (starts.length > 0) uploads.dropRanges(id, starts);
  return starts.length;
}
