import { randomBytes } from "node:crypto";
import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { join, resolve } from "node:path";

import { lockStore, openCatalogue } from "./catalogue.ts";
import { createFileRows } from "./catalogue-files.ts";
import { createUploadRows } from "./catalogue-uploads.ts";
import type { Files, NewUpload, Store, Upload, Uploads, Usage } from "./core.ts";
import { diskAt, freeSpace, makeFolders, removeQuietly, syncFile, wholeSpace } from "./disk.ts";
import {
  BadRequestError,
  GoneError,
  NotFoundError,
  StoreError,
  StoreFullError,
  TooLargeError,
  TooManyError,
} from "./failures.ts";
import { startHasher } from "./hashing.ts";
import { isIdle, isSpent } from "./idle.ts";
import { createLives } from "./lives.ts";
import { checkDir, checkName } from "./names.ts";
import { MiB } from "./protocol.ts";
import { createPublisher } from "./publish.ts";
import { repairStore, type Repair } from "./repair.ts";

export type StoreOptions = {
  readonly dir: string;
  /** Bytes: the largest file, the sum of all contents, what must stay free on the disk. */
  readonly maxSize?: number;
  readonly quota?: number;
  readonly reserve?: number;
  /** How long an upload may idle; milliseconds. */
  readonly ttlMs?: number;
  /** Uploads that may be open at once. */
  readonly openUploads?: number;
  readonly now?: () => number;
};

export type OpenedStore = Store & {
  /** What was mended at the start; undefined after a clean end. */
  readonly repair: Repair | undefined;
};

/**
 * Opens (or makes) a store for the one process that serves it, and mends what a crash left.
 *
 * @throws {StoreError} where the folder cannot be used or another process serves it.
 */
export async function openStore({
  dir,
  maxSize = Number.MAX_SAFE_INTEGER,
  quota = Number.MAX_SAFE_INTEGER,
  reserve = 256 * MiB,
  ttlMs = 24 * 3600 * 1000,
  openUploads = 1000,
  now = Date.now,
}: StoreOptions): Promise<OpenedStore> {
  const disk = diskAt(resolve(dir));
  await makeFolders(disk).catch((cause: unknown) => {
    if (cause instanceof StoreError) throw cause;
    throw new StoreError(`${disk.dir} cannot be made or used`, { cause, hint: "Choose another --dir." });
  });
  const lock = lockStore(disk.dir);
  const catalogue = openCatalogue(disk.dir);
  const uploads = createUploadRows(catalogue);
  const files = createFileRows(catalogue);
  const hasher = startHasher();
  const clean = catalogue.getMeta("clean");
  const repair = clean === "no" ? await repairStore({ uploads, files, disk, hasher }) : undefined;
  catalogue.setMeta("clean", "no");
  catalogue.keepSpare();

  const get = (id: string): Upload => {
    const upload = uploads.find(id);
    if (upload === undefined) throw new NotFoundError("There is no such upload");
    if (upload.state === "gone") throw new GoneError("The upload expired or was removed");
    return upload;
  };
  const getWritable = (id: string): Upload => {
    const upload = get(id);
    if (upload.state === "failed") throw new GoneError(upload.reason ?? "The upload failed");
    return upload;
  };
  const lives = createLives({ rows: uploads, disk, hasher, get: getWritable, now });
  const serial = createSerial();

  const usage = (): Usage => {
    const { received, pending, kept } = uploads.room();
    return {
      ...files.count(),
      uploads: uploads.count(),
      received: received + kept,
      pending,
      quota,
      free: freeSpace(disk.dir),
    };
  };
  const admit = (bytes: number): void => {
    const { received, pending, kept } = uploads.room();
    const free = freeSpace(disk.dir);
    if (bytes + pending + reserve > free)
      throw new StoreFullError(`${text(bytes)} do not fit: ${text(free)} are free, ${text(pending)} of them promised`);
    if (files.count().stored + received + kept + pending + bytes > quota)
      throw new StoreFullError(`${text(bytes)} do not fit into the quota of ${text(quota)}`);
  };
  const publisher = createPublisher({ catalogue, uploads, files, lives, hasher, disk, now, serial, admit });

  const checkSize = (size: number): void => {
    if (!Number.isSafeInteger(size) || size < 0) throw new BadRequestError("The size must be a whole number of bytes");
    // What can never fit is not to be tried again; what does not fit now (507) is.
    const most = Math.min(maxSize, quota, wholeSpace(disk.dir));
    if (size > most) throw new TooLargeError(`${text(size)} are more than the ${text(most)} a file may have`);
  };
  const create = (facts: NewUpload): Upload =>
    catalogue.transaction(() => {
      const path = { dir: checkDir(facts.dir), name: checkName(facts.name) };
      checkSize(facts.size ?? 0);
      files.needDirectory(path.dir);
      if (facts.via !== "tus") files.needFree(path);
      if (uploads.room().open >= openUploads)
        throw new TooManyError(`${String(openUploads)} uploads are open already`, { hint: "Finish or remove some." });
      admit(facts.size ?? 0);
      const id = randomBytes(16).toString("hex");
      uploads.create(id, { ...facts, ...path }, now());
      return get(id);
    });
  const declareSize = (id: string, size: number): Upload =>
    catalogue.transaction(() => {
      const upload = get(id);
      if (upload.size === size) return upload;
      if (upload.size !== undefined) throw new BadRequestError(`The size is ${String(upload.size)} and stays so`);
      checkSize(size);
      const [, end] = lives.ranges(upload).list().at(-1) ?? [0, 0];
      if (size < end) throw new BadRequestError(`The upload already has bytes up to ${String(end)}`);
      admit(size - upload.received);
      uploads.setSize(id, size, now());
      return get(id);
    });

  /** Ends it: the row stays for a while to say so, the bytes go. */
  const end = async (id: string, reason: string): Promise<void> => {
    await publisher.settled(id);
    const upload = uploads.find(id);
    if (upload === undefined || upload.state === "gone") return;
    uploads.end(id, reason, now());
    hasher.forget(id);
    await lives.forget(id);
    await removeQuietly(disk.incoming(id));
    catalogue.keepSpare();
  };
  const expire = async (): Promise<readonly string[]> => {
    const before = now() - ttlMs;
    const isOver = (one: Upload) => !lives.isBusy(one.id) && (isSpent(one, uploads) || isIdle(one, before, uploads));
    const expired: string[] = [];
    for (const { id, state } of uploads.holding().filter(isOver)) {
      // Each end takes a while, in which the next one may have been continued.
      const one = uploads.find(id);
      if (one?.state !== state || !isOver(one)) continue;
      await end(id, "expired");
      if (state === "active") expired.push(id);
    }
    uploads.forget(before);
    catalogue.keepSpare();
    return expired;
  };

  /** What failed, or brought a file that is not there any more, does not keep its key from being used again. */
  const isStale = ({ state, published, sha256 }: Upload): boolean =>
    state === "failed" || (published !== undefined && files.find(published)?.sha256 !== sha256);

  const coreUploads: Uploads = {
    create,
    find: uploads.find,
    get,
    findByKey: (via, key) => {
      const known = uploads.findByKey(via, key);
      if (known === undefined || !isStale(known)) return known;
      uploads.setState(known.id, "gone", "begun anew", now());
      return undefined;
    },
    findSame: uploads.findSame,
    list: uploads.list,
    ranges: (id) => lives.ranges(get(id)).list(),
    pieces: (id) => uploads.ranges(get(id).id),
    declareSize,
    hold: lives.hold,
    finish: publisher.finish,
    kick: publisher.kick,
    remove: async (id) => {
      get(id);
      await end(id, "removed");
    },
  };
  const coreFiles: Files = {
    ...files,
    remove: (path) =>
      serial(async () => {
        const { file, last } = files.remove(path);
        if (!last) return;
        // After a power cut, too, no name may be there without its content.
        await syncFile(join(disk.dir, "catalog.db-wal"));
        await removeQuietly(disk.blob(file.sha256));
        catalogue.keepSpare();
      }),
  };

  for (const { id } of uploads.list("active")) publisher.kick(id);
  return {
    dir: disk.dir,
    maxSize,
    repair,
    uploads: coreUploads,
    files: coreFiles,
    usage,
    expire,
    expiresMs: ({ touchedMs }) => touchedMs + ttlMs,
    admitBytes: (upload, bytes) => {
      // What a known size promised is counted already; the disk may have been filled by others since.
      if (upload.size === undefined) {
        checkSize(upload.received + bytes);
        admit(bytes);
      } else if (
        upload.state === "active" &&
        Math.min(bytes, upload.size - upload.received) + reserve > freeSpace(disk.dir)
      )
        throw new StoreFullError(`${text(bytes)} do not fit: the disk is full`);
    },
    open: (sha256) => open(disk.blob(sha256), constants.O_RDONLY | constants.O_NOFOLLOW),
    close: async () => {
      await publisher.settled();
      await lives.close();
      await hasher.close();
      try {
        catalogue.setMeta("clean", "yes");
      } catch (error) {
        // The next start looks at all bytes, then.
        if (!(error instanceof StoreFullError)) throw error;
      } finally {
        catalogue.close();
        lock.release();
      }
    },
  };
}

/** Runs pieces of work one after another. */
function createSerial(): <Result>(work: () => Promise<Result>) => Promise<Result> {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const next = last.then(work, work);
    last = next.catch(() => undefined);
    return next;
  };
}

function text(bytes: number): string {
  return `${String(bytes)} bytes`;
}
