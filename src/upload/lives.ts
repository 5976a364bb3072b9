import { constants } from "node:fs";
import { open, type FileHandle } from "node:fs/promises";
import { crc32 } from "node:zlib";

import { createArriving, rowAt } from "./arriving.ts";
import type { RangeRow, UploadRows } from "./catalogue-uploads.ts";
import type { Hold, Range, Upload } from "./core.ts";
import { cut, openIncoming, writeFully, type Disk } from "./disk.ts";
import { ConflictError, TooLargeError, TooManyError } from "./failures.ts";
import type { Hasher } from "./hashing.ts";
import { bounds, MiB } from "./protocol.ts";
import { createRangeSet, type RangeSet } from "./ranges.ts";

/** Bytes of an upload after which they are sent to the disk, so that little is left to wait for at the end. */
const syncEvery = 32 * MiB;
/** The worker is woken for that many bytes: few enough to be near the end when the file is whole. */
const hashEvery = 4 * MiB;
/** Files kept open between requests. */
const openFiles = 64;

/** Uploads that have been written to lately: the open file, its ranges, who writes where. */
export type Lives = {
  readonly ranges: (upload: Upload) => RangeSet;
  /** Waits until nobody else writes in `range`. */
  readonly hold: (id: string, range: Range) => Promise<Hold>;
  /** Whether somebody writes now. */
  readonly isBusy: (id: string) => boolean;
  readonly sync: (upload: Upload) => Promise<void>;
  /** Closes the file and forgets the ranges. */
  readonly forget: (id: string) => Promise<void>;
  readonly close: () => Promise<void>;
};

type Live = {
  readonly set: RangeSet;
  /** End of a row → where it starts, and its crc32. */
  readonly tails: Map<number, { readonly start: number; readonly crc: number }>;
  readonly locks: Set<{ readonly range: Range; readonly done: Promise<void> }>;
  file: Promise<FileHandle> | undefined;
  /** Bytes written since they were last sent to the disk. */
  dirty: number;
  /** Why bytes that were written may not be on the disk. */
  lost: { readonly error: unknown } | undefined;
  /** Its last writer closes the file. */
  forgotten: boolean;
};

export function createLives({
  rows,
  disk,
  hasher,
  get,
  now,
}: {
  rows: UploadRows;
  /** The upload, if it can be written to; throws otherwise. */
  get: (id: string) => Upload;
  disk: Disk;
  hasher: Hasher;
  now: () => number;
}): Lives {
  const lives = new Map<string, Live>();
  let syncing = false;

  /** One at a time: each keeps one of libuv's four threads. */
  const syncEarly = async (live: Live, file: FileHandle): Promise<void> => {
    if (syncing || live.dirty < syncEvery) return;
    syncing = true;
    live.dirty = 0;
    try {
      await file.datasync();
    } catch (error) {
      // The system tells this once; the sync at the end would say that all is well.
      live.lost = { error };
    } finally {
      syncing = false;
    }
  };

  const load = (upload: Upload): Live => {
    const known = lives.get(upload.id) ?? fromRows(upload, rows);
    lives.delete(upload.id);
    lives.set(upload.id, known);
    return known;
  };
  const fileOf = (upload: Upload, live: Live): Promise<FileHandle> => {
    live.file ??= openContent(upload, disk).catch((error: unknown) => {
      live.file = undefined;
      throw error;
    });
    return live.file;
  };
  const forget = async (id: string) => {
    const live = lives.get(id);
    lives.delete(id);
    if (live === undefined) return;
    live.forgotten = true;
    if (live.locks.size === 0) await closeFile(live);
  };
  const evict = async () => {
    const idle = [...lives].filter(([, { locks }]) => locks.size === 0);
    for (const [id] of idle.slice(0, Math.max(0, lives.size - openFiles))) await forget(id);
  };

  const hold = async (id: string, range: Range): Promise<Hold> => {
    let upload = get(id);
    let live = load(upload);
    for (let clash = clashing(live, range); clash !== undefined; clash = clashing(live, range)) {
      await clash.done;
      // It may have been finished, or removed, meanwhile.
      upload = get(id);
      live = load(upload);
    }
    return holdNow(upload, live, range);
  };
  const holdNow = (upload: Upload, live: Live, range: Range): Hold => {
    const { promise: done, resolve } = Promise.withResolvers<void>();
    const lock = { range, done };
    live.locks.add(lock);
    /** What was written and not yet recorded, with the rows that will record it. */
    const pending: { piece: Range; row: RangeRow }[] = [];
    let position = range[0];
    const arriving = createArriving(position, live.tails);

    const write = async (data: readonly Buffer[]): Promise<void> => {
      const length = data.reduce((sum, { length }) => sum + length, 0);
      const size = upload.size ?? Number.MAX_SAFE_INTEGER;
      if (position + length > size)
        throw new TooLargeError(`Byte ${String(position + length)} is beyond the upload's ${String(size)}`);
      const arrived = arriving.rowTo(position + length);
      const file = await fileOf(upload, live);
      const pieces = live.set.split([position, position + length]);
      const isNew = pieces.every(({ covered }) => !covered);
      if (!isNew) arriving.giveUp();
      for (const { range: piece, covered } of pieces) {
        const bytes = cut(data, piece[0] - position, piece[1] - piece[0]);
        if (covered) await compare(file, bytes, piece[0]);
        else {
          const writing = writeFully(file, bytes, piece[0]);
          // While another thread writes; the row counts only after that.
          const row = (isNew ? arrived : undefined) ?? rowOf(piece, bytes, pending.at(-1)?.row, live);
          await writing;
          pending.push({ piece, row });
          live.dirty += piece[1] - piece[0];
          void syncEarly(live, file);
        }
      }
      position += length;
    };
    const commit = () => {
      if (pending.length === 0) return;
      if (live.set.list().length + pending.length > bounds.ranges)
        throw new TooManyError(`An upload may not have more than ${String(bounds.ranges)} pieces`);
      const bytes = pending.reduce((sum, { piece: [start, end] }) => sum + end - start, 0);
      const grown = new Map(pending.map(({ row }) => [row.range[0], row]));
      rows.record(upload.id, [...grown.values()], bytes, now());
      const before = live.set.frontier();
      for (const { piece, row } of pending) {
        live.set.add(piece);
        if (row.range[0] < piece[0]) live.tails.delete(piece[0]);
        live.tails.set(piece[1], { start: row.range[0], crc: row.crc });
      }
      pending.length = 0;
      const frontier = live.set.frontier();
      if (upload.tus?.kind !== "partial" && Math.floor(frontier / hashEvery) > Math.floor(before / hashEvery))
        hasher.advance(upload.id, disk.incoming(upload.id), frontier);
    };
    const release = () => {
      live.locks.delete(lock);
      resolve();
      if (live.forgotten && live.locks.size === 0) void closeFile(live);
      if (lives.size > openFiles) void evict();
    };
    return { take: arriving.take, write, commit, release };
  };

  return {
    ranges: (upload) => load(upload).set,
    hold,
    isBusy: (id) => (lives.get(id)?.locks.size ?? 0) > 0,
    sync: async (upload) => {
      const live = load(upload);
      await (await fileOf(upload, live)).datasync();
      if (live.lost !== undefined) throw live.lost.error;
    },
    forget,
    close: async () => {
      for (const id of lives.keys()) await forget(id);
    },
  };
}

function fromRows(upload: Upload, rows: UploadRows): Live {
  // What is published needs no rows: all of it is here.
  const found = upload.state === "done" && upload.published !== undefined ? [] : rows.ranges(upload.id);
  const set = createRangeSet(found.map(({ range }) => range));
  if (upload.state === "done") set.add([0, upload.size ?? 0]);
  const tails = new Map(found.map(({ range: [start, end], crc }) => [end, { start, crc }]));
  return { set, tails, locks: new Set(), file: undefined, dirty: 0, lost: undefined, forgotten: false };
}

async function closeFile(live: Live): Promise<void> {
  await (await live.file?.catch(() => undefined))?.close();
}

function openContent(upload: Upload, disk: Disk): Promise<FileHandle> {
  return upload.sha256 === undefined
    ? openIncoming(disk.incoming(upload.id))
    : open(disk.blob(upload.sha256), constants.O_RDONLY | constants.O_NOFOLLOW);
}

function clashing(live: Live, [start, end]: Range) {
  return [...live.locks].find(({ range }) => range[0] < end && start < range[1]);
}

/** The row that records a piece: its own, or the one that ends where it begins, made longer. */
function rowOf(piece: Range, bytes: readonly Buffer[], last: RangeRow | undefined, live: Live): RangeRow {
  const tails =
    last?.range[1] === piece[0] ? new Map([[piece[0], { start: last.range[0], crc: last.crc }]]) : live.tails;
  const { start, crc } = rowAt(piece[0], tails);
  return { range: [start, piece[1]], crc: bytes.reduce((sum, part) => crc32(part, sum), crc) };
}

async function compare(file: FileHandle, bytes: readonly Buffer[], position: number): Promise<void> {
  let at = position;
  for (const part of bytes) {
    const here = Buffer.allocUnsafe(part.length);
    for (let done = 0; done < here.length;) {
      const { bytesRead } = await file.read(here, done, here.length - done, at + done);
      if (bytesRead === 0) throw new ConflictError(`The file ends at ${String(at + done)}`);
      done += bytesRead;
    }
    if (!here.equals(part))
      throw new ConflictError(`The bytes from ${String(at)} on differ from those that are already here`);
    at += part.length;
  }
}
