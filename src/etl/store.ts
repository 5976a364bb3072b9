import { randomBytes } from "node:crypto";
import { createWriteStream } from "node:fs";
import { mkdir, open, readdir, readFile, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { fileURLToPath, pathToFileURL } from "node:url";

import { MetacoinError } from "../errors.ts";
import { syncFolder } from "../files.ts";

/** Named bytes that outlive a process: a folder here, a bucket on AWS. A name appears whole or not at all. */
export type Store = {
  readonly put: (name: string, content: AsyncIterable<Uint8Array | string> | string | Uint8Array) => Promise<string>;
  /** The bytes behind a name, or `undefined`. */
  readonly get: (name: string) => Promise<Uint8Array | undefined>;
  readonly read: (name: string) => Promise<Readable>;
  /** The names that start with `prefix` (a folder and its slash), sorted. */
  readonly list: (prefix: string) => Promise<string[]>;
  readonly remove: (name: string) => Promise<void>;
  /** What `put` answers for a name. */
  readonly urlOf: (name: string) => string;
};

/**
 * Opens the store behind `file:///folder/` or `s3://bucket/prefix/`.
 *
 * @throws {StoreUrlError} for any other address.
 */
export function openStore(url: string): Store {
  const { protocol, hostname, pathname } = parseUrl(url);
  if (protocol === "file:") return openFolder(fileURLToPath(url));
  if (protocol === "s3:") return openBucket(hostname, pathname.replace(/^\/|\/$/gu, ""));
  throw new StoreUrlError(`A store is file:///folder/ or s3://bucket/prefix/, not ${url}`);
}

function parseUrl(url: string): URL {
  if (!URL.canParse(url)) throw new StoreUrlError(`"${url}" is no address of a store`);
  return new URL(url);
}

/** A folder as a store: temporary name, fsync, rename, fsync of the folder. */
function openFolder(folder: string): Store {
  const pathOf = (name: string) => join(folder, name);
  return {
    urlOf: (name) => pathToFileURL(pathOf(name)).href,
    async put(name, content) {
      const path = pathOf(name);
      const temporary = `${path}.${randomBytes(6).toString("hex")}.tmp`;
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      try {
        await pipeline(chunksOf(content), createWriteStream(temporary, { flags: "wx", mode: 0o600, flush: true }));
        await rename(temporary, path);
      } catch (error) {
        await rm(temporary, { force: true });
        throw error;
      }
      await syncFolder(dirname(path));
      return pathToFileURL(path).href;
    },
    async get(name) {
      return readFile(pathOf(name)).catch(ignoreMissing);
    },
    async read(name) {
      const file = await open(pathOf(name));
      return file.createReadStream();
    },
    async list(prefix) {
      const found = await readdir(pathOf(prefix)).catch(ignoreMissing);
      return (found ?? [])
        .filter((name) => !name.endsWith(".tmp"))
        .sort()
        .map((name) => `${prefix}${name}`);
    },
    async remove(name) {
      await rm(pathOf(name), { force: true });
    },
  };
}

/** A bucket as a store; the client of AWS's own runtime, loaded when it is needed. */
function openBucket(bucket: string, prefix: string): Store {
  const keyOf = (name: string) => [...(prefix === "" ? [] : [prefix]), name].join("/");
  const connect = async () => {
    const s3 = await import("@aws-sdk/client-s3");
    return { s3, client: new s3.S3Client({}) };
  };
  const read = async (name: string) => {
    const { s3, client } = await connect();
    const { Body } = await client.send(new s3.GetObjectCommand({ Bucket: bucket, Key: keyOf(name) }));
    if (Body === undefined) throw new MissingObjectError(`s3://${bucket}/${keyOf(name)} has no content`);
    return Body;
  };
  return {
    urlOf: (name) => `s3://${bucket}/${keyOf(name)}`,
    async put(name, content) {
      const { s3, client } = await connect();
      const body = Buffer.concat(await Array.fromAsync(chunksOf(content), (chunk) => Buffer.from(chunk)));
      await client.send(new s3.PutObjectCommand({ Bucket: bucket, Key: keyOf(name), Body: body }));
      return `s3://${bucket}/${keyOf(name)}`;
    },
    async get(name) {
      try {
        const body = await read(name);
        return await body.transformToByteArray();
      } catch (error) {
        if (error instanceof Error && error.name === "NoSuchKey") return undefined;
        throw error;
      }
    },
    async read(name) {
      const body = await read(name);
      return Readable.from([await body.transformToByteArray()]);
    },
    async list(folder) {
      const { s3, client } = await connect();
      const names: string[] = [];
      const pages = s3.paginateListObjectsV2({ client }, { Bucket: bucket, Prefix: keyOf(folder) });
      for await (const page of pages)
        for (const { Key } of page.Contents ?? []) if (Key !== undefined) names.push(Key.slice(keyOf("").length));
      return names.sort();
    },
    async remove(name) {
      const { s3, client } = await connect();
      await client.send(new s3.DeleteObjectCommand({ Bucket: bucket, Key: keyOf(name) }));
    },
  };
}

async function* chunksOf(
  content: AsyncIterable<Uint8Array | string> | string | Uint8Array,
): AsyncGenerator<Uint8Array | string> {
  if (typeof content === "string" || content instanceof Uint8Array) yield content;
  else yield* content;
}

function ignoreMissing(error: unknown): undefined {
  if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
  throw error;
}

export class StoreUrlError extends MetacoinError {
  override readonly code = "STORE_URL";
}

class MissingObjectError extends MetacoinError {
  override readonly code = "MISSING_OBJECT";
}
