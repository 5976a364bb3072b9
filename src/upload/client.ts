import { createHash } from "node:crypto";
import { open, type FileHandle } from "node:fs/promises";
import { basename } from "node:path";

import { MetacoinError, messageOf } from "../errors.ts";
import { parseUpload } from "./client-answer.ts";
import { NoFileError } from "./client-files.ts";
import { RefusedError, UnreachableError, type Connection } from "./client-http.ts";
import { createPatience, type Patience, type PatienceOptions } from "./client-patience.ts";
import { routes, type UploadAnswer } from "./protocol.ts";

export type SendOptions = PatienceOptions & {
  readonly connection: Connection;
  /** Where it goes: `"a/b"`, or `""` for the top. */
  readonly dir: string;
  /** Bytes a request, and requests at once. */
  readonly chunk: number;
  readonly parallel: number;
  readonly onProgress?: (progress: SendProgress) => void;
};

type SendProgress = { readonly step: "hashing" | "sending"; readonly done: number; readonly size: number };

export type SentFile = {
  readonly path: string;
  readonly url: string;
  readonly size: number;
  readonly sha256: string;
  /** Bytes that were on the server when this run began. */
  readonly resumedFrom: number;
};

const readBytes = 1024 * 1024;

/**
 * Sends a file in parallel chunks, each with its digest; what the server has already is not sent again.
 *
 * The same file (by its sha256) in the same place is the same upload, from whichever machine: a run that was killed is
 * continued by the next. A server that restarts is waited for.
 *
 * @throws {FileChangedError} where the file changes in the meantime.
 * @throws {HashMismatchError} where the server published something else.
 * @throws {RefusedError} @throws {UnreachableError}
 */
export async function sendFile(path: string, options: SendOptions): Promise<SentFile> {
  await using handle = await open(path, "r").catch((cause: unknown) => {
    throw new NoFileError(`${path} cannot be read: ${messageOf(cause)}`, { cause });
  });
  const before = await handle.stat();
  const { size } = before;
  const sha256 = await hash(handle, size, options);
  const patience = createPatience(options);
  const file = { path, handle, size, sha256 };

  let upload = await patiently(() => begin(file, options), patience);
  const resumedFrom = size - missingBytes(upload);
  while (upload.state === "active") {
    try {
      upload = await sendMissing(file, upload, patience, options);
      if (upload.state === "active") throw new UnreachableError(`${path} is whole and not yet published`);
    } catch (failure) {
      await patience.wait(isLost(failure) ? new UnreachableError(`The upload of ${path} expired`) : failure);
      upload = await patiently(() => resume(file, upload, options), patience);
    }
  }

  const after = await handle.stat();
  if (after.size !== size || after.mtimeMs !== before.mtimeMs)
    throw new FileChangedError(`${path} changed while it was sent`);
  if (upload.state !== "done" || upload.url === null)
    throw new RefusedError(upload.reason ?? `The upload of ${path} is ${upload.state}.`, {
      status: 422,
      code: "FAILED",
    });
  if (upload.sha256 !== sha256)
    throw new HashMismatchError(`The server has ${String(upload.sha256)} as ${upload.url}, and ${path} is ${sha256}`);
  return { path, url: new URL(upload.url, options.connection.base).href, size, sha256, resumedFrom };
}

type Source = { readonly path: string; readonly handle: FileHandle; readonly size: number; readonly sha256: string };

async function hash(handle: FileHandle, size: number, { onProgress, signal }: SendOptions): Promise<string> {
  const digest = createHash("sha256");
  let done = 0;
  // Not what is appended meanwhile. An empty file still needs an end that is not before its start.
  const range = { start: 0, end: Math.max(0, size - 1) };
  for await (const data of handle.createReadStream({ ...range, autoClose: false, highWaterMark: readBytes })) {
    signal?.throwIfAborted();
    const bytes: Buffer = data;
    digest.update(bytes);
    done += bytes.length;
    onProgress?.({ step: "hashing", done, size });
  }
  return digest.digest("hex");
}

async function begin({ path, size, sha256 }: Source, { connection, dir, signal }: SendOptions): Promise<UploadAnswer> {
  const body = Buffer.from(JSON.stringify({ name: basename(path), dir, size, sha256 }));
  const headers = { "content-type": "application/json" };
  return parseUpload(await connection.ask({ method: "POST", path: routes.raw, headers, body, signal }));
}

async function askRanges({ id }: UploadAnswer, { connection, signal }: SendOptions): Promise<UploadAnswer> {
  return parseUpload(await connection.ask({ method: "GET", path: `${routes.raw}/${id}/ranges`, signal }));
}

/** What the server has after a failure; an upload that it no longer knows begins anew. */
async function resume(file: Source, upload: UploadAnswer, options: SendOptions): Promise<UploadAnswer> {
  try {
    return await askRanges(upload, options);
  } catch (failure) {
    if (isLost(failure)) return begin(file, options);
    throw failure;
  }
}

/** The server no longer knows the upload. */
function isLost(failure: unknown): boolean {
  return failure instanceof RefusedError && [404, 410].includes(failure.status);
}

async function patiently<Result>(act: () => Promise<Result>, patience: Patience): Promise<Result> {
  for (;;) {
    try {
      return await act();
    } catch (failure) {
      await patience.wait(failure);
    }
  }
}

/** Sends every missing byte; the first failure ends the other requests. Returns the last answer of the server. */
async function sendMissing(
  { handle, path, size }: Source,
  upload: UploadAnswer,
  patience: Patience,
  { connection, chunk, parallel, onProgress, signal }: SendOptions,
): Promise<UploadAnswer> {
  const pieces = split(upload.missing, chunk);
  const stop = new AbortController();
  const either = signal === undefined ? stop.signal : AbortSignal.any([signal, stop.signal]);
  let done = size - missingBytes(upload);
  let last = upload;
  const note = (bytes: number) => {
    done += bytes;
    onProgress?.({ step: "sending", done, size });
  };
  note(0);

  const work = async () => {
    const buffer = Buffer.allocUnsafe(Math.min(chunk, size));
    for (let piece = pieces.next(); piece.done !== true; piece = pieces.next()) {
      const [start, end] = piece.value;
      const body = buffer.subarray(0, end - start);
      await fill(handle, body, start, path);
      const answer = await connection.ask({
        method: "PUT",
        path: `${routes.raw}/${upload.id}?offset=${String(start)}`,
        headers: { "content-digest": `sha-256=:${createHash("sha256").update(body).digest("base64")}:` },
        body,
        onSent: note,
        signal: either,
      });
      patience.progress();
      last = newer(last, parseUpload(answer));
    }
  };
  const workers = Array.from({ length: parallel }, async () => {
    try {
      await work();
    } catch (failure) {
      // The first failure is the reason; those of the others follow from it.
      stop.abort(failure);
    }
  });
  await Promise.all(workers);
  either.throwIfAborted();
  return last;
}

/** Answers cross each other on the way: the one that says more is the later one. */
function newer(one: UploadAnswer, other: UploadAnswer): UploadAnswer {
  if (one.state !== "active") return one;
  return other.state !== "active" || missingBytes(other) <= missingBytes(one) ? other : one;
}

function missingBytes({ missing }: UploadAnswer): number {
  return missing.reduce((sum, [start, end]) => sum + end - start, 0);
}

function* split(missing: UploadAnswer["missing"], chunk: number): Generator<readonly [start: number, end: number]> {
  for (const [from, to] of missing)
    for (let start = from; start < to; start += chunk) yield [start, Math.min(start + chunk, to)];
}

async function fill(handle: FileHandle, buffer: Buffer, position: number, path: string): Promise<void> {
  for (let at = 0; at < buffer.length;) {
    const { bytesRead } = await handle.read(buffer, at, buffer.length - at, position + at);
    if (bytesRead === 0) throw new FileChangedError(`${path} became shorter while it was sent`);
    at += bytesRead;
  }
}

export class FileChangedError extends MetacoinError {
  override readonly code = "FILE_CHANGED";
}

export class HashMismatchError extends MetacoinError {
  override readonly code = "HASH_MISMATCH";
}
