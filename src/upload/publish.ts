import { existsSync } from "node:fs";
import { join } from "node:path";

import type { Catalogue } from "./catalogue.ts";
import type { FileRows } from "./catalogue-files.ts";
import type { UploadRows } from "./catalogue-uploads.ts";
import type { FilePath, Upload } from "./core.ts";
import { linkBlob, removeQuietly, syncFile, unlinkBlob, type Disk } from "./disk.ts";
import { FileMismatchError, NameTakenError, NotFoundError, StoreError, UploadError } from "./failures.ts";
import type { Hasher } from "./hashing.ts";
import type { Lives } from "./lives.ts";
import { joinPath, numbered, quote } from "./names.ts";

export type Publishing = {
  readonly catalogue: Catalogue;
  readonly uploads: UploadRows;
  readonly files: FileRows;
  readonly lives: Lives;
  readonly hasher: Hasher;
  readonly disk: Disk;
  readonly now: () => number;
  /** Runs one after another whatever links, counts or unlinks blobs. */
  readonly serial: <Result>(work: () => Promise<Result>) => Promise<Result>;
  /** @throws {StoreFullError} where so many bytes more do not fit. */
  readonly admit: (bytes: number) => void;
};

export type Publisher = {
  /** See `Uploads.finish`. */
  readonly finish: (id: string) => Promise<Upload | undefined>;
  /** Finishes in the background; a failure is recorded with the upload. */
  readonly kick: (id: string) => void;
  /** Resolves when this upload, or all, are not being finished. */
  readonly settled: (id?: string) => Promise<void>;
};

/** Turns whole uploads into files: fdatasync → sha256 → compare → link → row. Each step can be repeated. */
export function createPublisher(context: Publishing): Publisher {
  const running = new Map<string, Promise<Upload | undefined>>();

  const finish = (id: string): Promise<Upload | undefined> => {
    const known = running.get(id);
    if (known !== undefined) return known;
    const work = publish(id, context, kick).finally(() => running.delete(id));
    running.set(id, work);
    return work;
  };
  const kick = (id: string): void => {
    // What failed is in the upload's row, and the next request for it tries again.
    finish(id).catch(() => undefined);
  };
  return {
    finish,
    kick,
    settled: async (id) => {
      const wanted = [...running].filter(([one]) => id === undefined || one === id);
      await Promise.allSettled(wanted.map(([, work]) => work));
    },
  };
}

async function publish(id: string, context: Publishing, kick: (id: string) => void): Promise<Upload | undefined> {
  const { uploads, now } = context;
  const upload = uploads.find(id);
  if (upload?.state !== "active") return upload?.state === "done" ? upload : undefined;
  try {
    const kind = upload.tus?.kind;
    if (kind === "final") return await publishFinal(upload, context);
    if (upload.size === undefined || !uploads.isWhole(id, upload.size)) return undefined;
    const synced = context.lives.sync(upload);
    // Of an empty file, this is what makes it.
    if (kind === "partial" || upload.size === 0) await synced;
    if (kind === "partial") {
      uploads.setDone(id, undefined, undefined, now());
      for (const final of uploads.finalsOf(id)) kick(final);
      return uploads.find(id);
    }
    // Both before anything is linked; neither needs the other.
    const digest = context.hasher.digest(id, context.disk.incoming(id), upload.size);
    const [sha256] = await Promise.all([digest, synced]);
    return await publishContent(upload, { sha256, size: upload.size }, context);
  } catch (error) {
    if (error instanceof UploadError) uploads.setReason(id, error.message);
    throw error;
  }
}

async function publishFinal(upload: Upload, context: Publishing): Promise<Upload | undefined> {
  const { uploads, hasher, disk, now, admit, lives } = context;
  const parts = (upload.tus?.parts ?? []).map((part) => uploads.find(part));
  const lost = parts.findIndex((part) => part === undefined || part.state === "gone" || part.state === "failed");
  if (lost !== -1) {
    const reason = `Part ${String(lost + 1)} of ${String(parts.length)} is gone`;
    uploads.setState(upload.id, "failed", reason, now());
    throw new NotFoundError(reason);
  }
  const whole = parts
    .filter((part) => part?.state === "done")
    .map((part) => ({ id: part?.id ?? "", size: part?.size ?? 0 }));
  if (whole.length !== parts.length) return undefined;
  // Where all lengths were known when it was made, its place is reserved already.
  if (upload.size === undefined) admit(whole.reduce((sum, { size }) => sum + size, 0));
  const sources = whole.map(({ id, size }) => ({ path: disk.incoming(id), size }));
  const { sha256, crc, size } = await hasher.assemble(upload.id, disk.incoming(upload.id), sources);
  context.catalogue.transaction(() => {
    uploads.setSize(upload.id, size, now());
    uploads.dropRanges(upload.id);
    if (size > 0) uploads.record(upload.id, [{ range: [0, size], crc }], size, now());
  });
  await lives.forget(upload.id);
  return publishContent(upload, { sha256, size }, context);
}

async function publishContent(
  upload: Upload,
  content: { readonly sha256: string; readonly size: number },
  { catalogue, uploads, files, disk, lives, now, serial }: Publishing,
): Promise<Upload | undefined> {
  const { id, declared } = upload;
  const { sha256, size } = content;
  if (declared !== undefined && declared !== sha256) {
    const reason = `The file has the sha256 ${sha256}, not ${declared} as declared`;
    uploads.setState(id, "failed", reason, now());
    await lives.forget(id);
    await removeQuietly(disk.incoming(id));
    throw new FileMismatchError(reason, { hint: "Send it again from the start." });
  }
  await serial(async () => {
    const linked = await linkBlob(disk, id, sha256);
    try {
      catalogue.transaction(() => {
        // Decided here and nowhere else: the ranges are exactly the file.
        if (!uploads.isWhole(id, size)) throw new NotFoundError("The upload is not whole any more");
        // A prune beside this server takes contents without a row; it may have had this one in its hand.
        if (!linked && !existsSync(disk.blob(sha256))) throw new StoreError("The content is gone: try again");
        const { path, isNew } = choosePath(upload, sha256, files);
        if (isNew) files.insert({ ...path, size, sha256, createdMs: now() });
        uploads.setDone(id, sha256, path, now());
      });
    } catch (error) {
      if (linked) await unlinkBlob(disk, id, sha256);
      throw error;
    }
  });
  // Whoever is told that the file is there must find it after a power cut, too.
  await syncFile(join(disk.dir, "catalog.db-wal"));
  await lives.forget(id);
  await removeQuietly(disk.incoming(id));
  return uploads.find(id);
}

/** The same content under the same name is one file. A tus client cannot be told "taken" at the end: it gets a number. */
function choosePath({ via, dir, name }: Upload, sha256: string, files: FileRows): { path: FilePath; isNew: boolean } {
  for (let count = 1; ; count += 1) {
    const path = { dir, name: count === 1 ? name : numbered(name, count) };
    const there = files.find(path);
    if (there?.sha256 === sha256) return { path, isNew: false };
    if (there === undefined && !files.hasDirectory(joinPath(path))) return { path, isNew: true };
    if (via !== "tus") throw new NameTakenError(`${quote(joinPath(path))} already exists, with other content`);
  }
}
