import { readdir } from "node:fs/promises";
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
  const wanted = new Set(
    uploads
      .list()
      .filter(holdsBytes)
      .map(({ id }) => id),
  );
  let droppedRanges = 0;
  for (const id of wanted) droppedRanges += await checkRanges(id, incoming.has(id), context);
  const stray = [...incoming].filter((id) => !wanted.has(id));
  for (const id of stray) await removeQuietly(join(disk.dir, "incoming", id));
  const orphans = (await listBlobs(disk)).filter((sha256) => !files.hasContent(sha256));
  for (const sha256 of orphans) await removeQuietly(disk.blob(sha256));
  return { droppedRanges, removedIncoming: stray.length, removedBlobs: orphans.length };
}

/** Whether an upload's bytes are in incoming/: it is active, or a finished tus partial. */
export function holdsBytes({
  state,
  sha256,
}: {
  readonly state: string;
  readonly sha256: string | undefined;
}): boolean {
  return state === "active" || (state === "done" && sha256 === undefined);
}

/** The names in blobs/, which are sha256 digests. */
export async function listBlobs({ dir }: Disk): Promise<string[]> {
  const names = await readdir(join(dir, "blobs"), { recursive: true, withFileTypes: true });
  return names.filter((entry) => entry.isFile()).map(({ name }) => name);
}

async function checkRanges(
  id: string,
  exists: boolean,
  { uploads, disk, hasher }: { readonly uploads: UploadRows; readonly disk: Disk; readonly hasher: Hasher },
): Promise<number> {
  const rows = uploads.ranges(id);
  if (rows.length === 0) return 0;
  const pieces = rows.map(({ range: [start, end], crc }) => ({ start, end, crc }));
  const bad = exists ? await hasher.check(id, disk.incoming(id), pieces) : [...pieces.keys()];
  const starts = bad.flatMap((index) => pieces[index]?.start ?? []);
  if (starts.length > 0) uploads.dropRanges(id, starts);
  return starts.length;
}
