import { createHash, type Hash } from "node:crypto";
import { open, rename, rm, stat, type FileHandle } from "node:fs/promises";
import type { IncomingMessage } from "node:http";
import { basename, dirname, join, resolve } from "node:path";
import { text } from "node:stream/consumers";

import { MetacoinError, messageOf } from "../errors.ts";
import { HashMismatchError } from "./client.ts";
import { RefusedError, refusalOf, UnreachableError, type Connection } from "./client-http.ts";
import { createPatience, type PatienceOptions } from "./client-patience.ts";

export type GetOptions = PatienceOptions & {
  readonly connection: Connection;
  /** A file, or a directory for the name in the URL. */
  readonly out: string;
  readonly onProgress?: (progress: { readonly done: number; readonly size: number }) => void;
};

export type GotFile = {
  readonly path: string;
  readonly size: number;
  readonly sha256: string;
  /** Bytes that an earlier run had brought. */
  readonly resumedFrom: number;
};

/**
 * Downloads a file under a temporary name, verifies it by the server's Repr-Digest, and gives it its name.
 *
 * A run that was killed is continued by the next: the temporary name holds the hash, so it cannot be of another file.
 *
 * @throws {NoDigestError} where the server does not say what the file is.
 * @throws {HashMismatchError} @throws {FileExistsError} @throws {RefusedError} @throws {UnreachableError}
 */
export async function getFile(url: URL, options: GetOptions): Promise<GotFile> {
  const path = await target(url, options.out);
  const patience = createPatience(options);
  for (;;) {
    try {
      return await download(url, path, () => patience.progress(), options);
    } catch (failure) {
      await patience.wait(localError(failure, path));
    }
  }
}

async function download(
  url: URL,
  path: string,
  onData: () => void,
  { connection, onProgress, signal }: GetOptions,
): Promise<GotFile> {
  const call = { path: `${url.pathname}${url.search}`, signal };
  const head = await connection.send({ ...call, method: "HEAD" });
  head.resume();
  if (head.statusCode === 404)
    throw new RefusedError(`There is no ${url.href}`, {
      status: 404,
      code: "NOT_FOUND",
      hint: "Is it spelled so? The page of the server shows what there is.",
    });
  if (head.statusCode !== 200) throw refusalOf(head.statusCode ?? 0, "", `HEAD ${call.path}`);
  const { sha256, size, etag } = describe(head, url);

  const part = join(dirname(path), `.${basename(path).slice(0, 100)}.${sha256.slice(0, 16)}.part`);
  await using handle = await open(part, "a+", 0o600);
  const digest = createHash("sha256");
  const resumedFrom = await hashSoFar(handle, digest);
  let done = resumedFrom;
  onProgress?.({ done, size });
  if (done < size) {
    const headers = { range: `bytes=${String(done)}-`, "if-range": etag };
    const response = await connection.send({ ...call, method: "GET", headers });
    const { statusCode = 0 } = response;
    if (statusCode !== 206 && !(statusCode === 200 && done === 0))
      throw refusalOf(statusCode, statusCode >= 400 ? await text(response) : "", `GET ${call.path}`);
    for await (const data of readBody(response, connection, signal)) {
      await handle.appendFile(data);
      digest.update(data);
      done += data.length;
      onData();
      onProgress?.({ done, size });
    }
    if (done < size) throw new UnreachableError(`${url.host} broke off after ${String(done)} of ${String(size)} bytes`);
  }
  const got = digest.digest("hex");
  if (got !== sha256) {
    await rm(part);
    throw new HashMismatchError(`${url.href} is announced as ${sha256}, and what came is ${got}`, {
      hint: "What came is deleted; run it again.",
    });
  }
  await handle.sync();
  await rename(part, path);
  await syncDirectory(dirname(path));
  return { path, size, sha256, resumedFrom };
}

/** What a download is, before any of it comes. */
function describe({ headers }: IncomingMessage, url: URL): { sha256: string; size: number; etag: string } {
  const [, digest] = /(?:^|,)\s*sha-256=:([\w+/=]+):/u.exec(String(headers["repr-digest"] ?? "")) ?? [];
  const { etag } = headers;
  const size = Number(headers["content-length"]);
  if (digest === undefined || etag === undefined || !Number.isSafeInteger(size))
    throw new NoDigestError(`${url.href} comes without a Repr-Digest: nobody could tell whether it arrived whole`, {
      hint: `Without that: curl -O ${url.href}`,
    });
  return { sha256: Buffer.from(digest, "base64").toString("hex"), size, etag };
}

async function hashSoFar(handle: FileHandle, digest: Hash): Promise<number> {
  let done = 0;
  for await (const data of handle.createReadStream({ start: 0, autoClose: false, highWaterMark: 1024 * 1024 })) {
    const bytes: Buffer = data;
    digest.update(bytes);
    done += bytes.length;
  }
  return done;
}

async function* readBody(
  response: IncomingMessage,
  { base }: Connection,
  signal: AbortSignal | undefined,
): AsyncGenerator<Buffer> {
  try {
    for await (const data of response) {
      const bytes: Buffer = data;
      yield bytes;
    }
  } catch (cause) {
    signal?.throwIfAborted();
    throw new UnreachableError(`${base.host} broke off: ${messageOf(cause)}`, { cause });
  }
}

/** The name in a URL is the server's word: it may not lead out of the directory, nor replace a file. */
async function target(url: URL, out: string): Promise<string> {
  const isDirectory = await stat(out).then(
    (stats) => stats.isDirectory(),
    () => false,
  );
  const last = url.pathname.split("/").at(-1) ?? "";
  const name = decode(last).replace(/[/\\\p{Cc}]/gu, "_");
  if (isDirectory && /^\.{0,2}$/u.test(name))
    throw new FileExistsError(`${url.href} names no file`, { hint: "Say where it goes: --out FILE" });
  const path = resolve(isDirectory ? join(out, name) : out);
  const taken = await stat(path).then(
    () => true,
    () => false,
  );
  if (taken) throw new FileExistsError(`${path} exists already`, { hint: "Another name: --out FILE" });
  return path;
}

/** As it stands where it is no percent-encoding. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** What the system says of the disk here is for the user, and not to be tried again. */
function localError(failure: unknown, path: string): unknown {
  if (failure instanceof MetacoinError || !(failure instanceof Error) || !("syscall" in failure)) return failure;
  return new LocalDiskError(`${path} cannot be written: ${failure.message}`, {
    cause: failure,
    hint: "What came stays, and the same command continues.",
  });
}

/** The new name is on the disk, too. */
async function syncDirectory(path: string): Promise<void> {
  await using directory = await open(path, "r");
  await directory.sync();
}

export class NoDigestError extends MetacoinError {
  override readonly code = "NO_DIGEST";
}

class LocalDiskError extends MetacoinError {
  override readonly code = "LOCAL_DISK";
}

export class FileExistsError extends MetacoinError {
  override readonly code = "FILE_EXISTS";
}
