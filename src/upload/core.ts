import type { FileHandle } from "node:fs/promises";

/** Half-open: `start` is in, `end` is not. */
export type Range = readonly [start: number, end: number];

/** active: bytes are missing, or it is about to be published; failed: it can never be published; gone: removed or expired. */
export type UploadState = "active" | "done" | "failed" | "gone";

export type Protocol = "dropzone" | "tus" | "raw" | "drop";

/** One upload as the catalogue knows it. */
export type Upload = {
  /** Made by the server; 32 hex digits. */
  readonly id: string;
  readonly via: Protocol;
  /** What a client calls it (Dropzone's dzuuid); only ever compared. */
  readonly key: string | undefined;
  /** Where it will be published: `"a/b"`, or `""` for the root. */
  readonly dir: string;
  readonly name: string;
  /** Bytes; undefined until a deferred length is declared. */
  readonly size: number | undefined;
  /** Bytes recorded so far. */
  readonly received: number;
  readonly state: UploadState;
  /** Lower-case hex: what the client says the file has, and what the published file has. */
  readonly declared: string | undefined;
  readonly sha256: string | undefined;
  /** Where the file was published; set when done (a tus partial is done and has none). */
  readonly published: FilePath | undefined;
  /** Why it failed, or why the last try to publish it did. */
  readonly reason: string | undefined;
  readonly createdMs: number;
  readonly touchedMs: number;
  readonly tus: TusFacts | undefined;
};

export type TusFacts = {
  /** `Upload-Metadata` and `Upload-Concat` as they were received. */
  readonly metadata: string | undefined;
  readonly concat: string | undefined;
  /** A partial is never published; a final is made of the uploads in `parts`. */
  readonly kind: "whole" | "partial" | "final";
  readonly parts: readonly string[];
};

export type FilePath = { readonly dir: string; readonly name: string };

export type StoredFile = FilePath & {
  readonly size: number;
  /** Lower-case hex. */
  readonly sha256: string;
  readonly createdMs: number;
};

export type NewUpload = FilePath & {
  readonly via: Protocol;
  readonly size: number | undefined;
  readonly key?: string | undefined;
  readonly declared?: string | undefined;
  readonly tus?: TusFacts | undefined;
};

export type Usage = {
  readonly files: number;
  /** Bytes of published files, each content once. */
  readonly stored: number;
  readonly uploads: Readonly<Record<UploadState, number>>;
  /** Bytes of active uploads: here, and still to come. */
  readonly received: number;
  readonly pending: number;
  readonly quota: number;
  /** Bytes the file system has left. */
  readonly free: number;
};

/** The files and directories of the catalogue; each throws an `UploadError`. */
export type Files = {
  /** The directories (full paths) and files right below `dir`, by name. */
  list(dir: string): { readonly dirs: readonly string[]; readonly files: readonly StoredFile[] };
  find(path: FilePath): StoredFile | undefined;
  /** Renames, moves, or both; the target's directory must exist and its name be free. */
  move(from: FilePath, to: FilePath): StoredFile;
  remove(path: FilePath): Promise<void>;
  /** With its parents; no complaint where it exists. */
  makeDirectory(dir: string): void;
  moveDirectory(from: string, to: string): void;
  /** Refuses one that is not empty. */
  removeDirectory(dir: string): void;
  hasDirectory(dir: string): boolean;
  /** @throws {NameTakenError} */
  needFree(path: FilePath): void;
};

/** A part of an upload that one request alone writes. */
export type Hold = {
  /** Told of bytes as they arrive, in the order of their writing; spares `write` a second look at them. */
  readonly take: (bytes: Buffer) => void;
  /**
   * Writes the next bytes, by position. Bytes already here are compared instead.
   * @throws {ConflictError} where they differ. @throws {StoreFullError}
   */
  readonly write: (data: readonly Buffer[]) => Promise<void>;
  /** Records what was written since; bytes that are never recorded never were. */
  readonly commit: () => void;
  readonly release: () => void;
};

/** The core of ranges: every protocol is a thin shell around it. */
export type Uploads = {
  /** Admits and makes one, in one step without awaiting, so that two cannot share the last free space. */
  create(facts: NewUpload): Upload;
  find(id: string): Upload | undefined;
  /** The upload, or `NotFoundError`, `GoneError`. */
  get(id: string): Upload;
  findByKey(via: Protocol, key: string): Upload | undefined;
  /** The unfinished upload of the same file, for the raw protocol. */
  findSame(file: FilePath & { readonly size: number; readonly sha256: string }): Upload | undefined;
  /** Newest first. */
  list(state?: UploadState): readonly Upload[];
  ranges(id: string): readonly Range[];
  /** The same in pieces as they were recorded, with the crc32 of their bytes: for a client that compares first. */
  pieces(id: string): readonly { readonly range: Range; readonly crc: number }[];
  declareSize(id: string, size: number): Upload;
  /** Waits until nobody else writes in `range`, and reserves it. The caller releases it. */
  hold(id: string, range: Range): Promise<Hold>;
  /** Publishes where the ranges are whole; says undefined where they are not. Idempotent, any number at once. */
  finish(id: string): Promise<Upload | undefined>;
  /** Finishes in the background; a failure is kept as the upload's `reason`. */
  kick(id: string): void;
  remove(id: string): Promise<void>;
};

/** What `openStore` (store.ts) gives. */
export type Store = {
  /** The folder, absolute. */
  readonly dir: string;
  /** Bytes of the largest file. */
  readonly maxSize: number;
  readonly uploads: Uploads;
  readonly files: Files;
  usage(): Usage;
  /** Opens published content for reading; the caller closes it. */
  open(sha256: string): Promise<FileHandle>;
  /** Removes uploads that were idle for longer than the time to live. */
  expire(): Promise<readonly string[]>;
  /** When this active upload expires; milliseconds. */
  expiresMs(upload: Upload): number;
  /** Before a body of that many bytes is read. @throws {StoreFullError} */
  admitBytes(upload: Upload, bytes: number): void;
  /** Ends writers, lets publishing finish, marks the store as cleanly shut. */
  close(): Promise<void>;
};
