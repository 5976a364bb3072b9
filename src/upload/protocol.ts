/**
 * What goes over the wire, once: routes, header names, limits, answers.
 *
 * The raw protocol (what `upload send` speaks; every body below is JSON):
 *
 * - `POST /u` `{name, dir?, size, sha256?}` finds or makes an upload and answers `UploadState`. 201 where it is new.
 *   With `sha256` (hex), the same dir, name, size and sha256 from any machine find the unfinished upload again (200),
 *   or the published file (200, `state: "done"`). Without it every call makes a new upload.
 *   Missing directories are made, each time. 409 where another file has the name, 413 above the size limit or what the disk
 *   has at all, 507 without space.
 * - `PUT /u/ID?offset=N`, the body is bytes of the file from N on, any length, any order, in parallel, repeatable.
 *   Optional `Content-Digest: sha-256=:…:` (or `sha-512`): bytes count only where it matches, else 460.
 *   Without it, bytes that came before a cut count. Answers `UploadState`; the answer that completes the set of ranges
 *   comes after the file is published (`state: "done"`, `sha256`, `url`). 409 where bytes differ from those already here,
 *   422 where the whole file does not have the sha256 that was declared (the upload has then failed; start anew).
 * - `GET /u/ID/ranges` answers `UploadState`. Works for uploads of every protocol. Publishes a complete upload that a
 *   crash left unpublished.
 * - `DELETE /u/ID` 204.
 *
 * Failures of everything but tus and Dropzone: `{error: {code, message, hint?}}` with the status of the failure.
 */
export const routes = {
  page: "/",
  api: "/api",
  dropzone: "/upload",
  tus: "/files",
  raw: "/u",
  drop: "/drop",
  files: "/f",
  metrics: "/metrics",
  health: "/healthz",
} as const;

/** The answer to `POST /u`, `PUT /u/ID` and `GET /u/ID/ranges`. */
export type UploadAnswer = {
  readonly id: string;
  /** done: published; failed: start anew, see `reason`. */
  readonly state: "active" | "done" | "failed" | "gone";
  readonly dir: string;
  readonly name: string;
  /** Bytes; null until a tus client with a deferred length declares it. */
  readonly size: number | null;
  /** Half-open ranges of bytes that are safely here, ascending and apart. */
  readonly have: readonly (readonly [start: number, end: number])[];
  /** The rest of `[0, size)`. */
  readonly missing: readonly (readonly [start: number, end: number])[];
  /** What the server likes: bytes a request, requests at once. */
  readonly chunk: number;
  readonly parallel: number;
  /** ISO 8601; an upload that stays idle until then is removed. */
  readonly expires: string | null;
  /** Of the published file: lower-case hex, and where it is, relative to the server's root. */
  readonly sha256: string | null;
  readonly url: string | null;
  readonly reason: string | null;
};

export const MiB = 1024 * 1024;

/** What `POST /u` and the page propose. */
export const proposed = { chunk: 8 * MiB, parallel: 4 } as const;

/** Bounds that no request may pass; those a server chooses are in `ServerLimits`. */
export const bounds = {
  /** UTF-8 bytes of one name, and of a whole directory. */
  name: 255,
  dir: 1024,
  dirDepth: 32,
  /** Of a multipart body: fields, bytes a field, bytes of one part's headers, file parts. */
  fields: 32,
  field: 8 * 1024,
  partHeader: 16 * 1024,
  files: 1,
  /** Bytes of `Upload-Metadata`, parts of one concatenation, rows of ranges of one upload. */
  metadata: 8 * 1024,
  concatenated: 1000,
  ranges: 100_000,
  /** Bytes of a JSON body and of a text drop. */
  json: 64 * 1024,
  text: 16 * MiB,
} as const;

/** tus 1.0.0, https://tus.io/protocols/resumable-upload */
export const tus = {
  version: "1.0.0",
  extensions: [
    "creation",
    "creation-with-upload",
    "creation-defer-length",
    "termination",
    "checksum",
    "checksum-trailer",
    "concatenation",
    "concatenation-unfinished",
    "expiration",
  ],
  checksums: ["sha1", "sha256", "md5", "crc32"],
  contentType: "application/offset+octet-stream",
} as const;

/** Answers of the Dropzone protocol; the words are those of the tutorials, and clients compare them. */
export const dropzone = {
  chunkDone: "Chunk upload successful",
  exists: "File already exists",
  sizeMismatch: "Size mismatch",
} as const;
