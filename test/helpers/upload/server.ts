import { createHash } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { startServing, type Serving } from "../../../src/upload/serve.ts";
import type { UploadServerOptions } from "../../../src/upload/server.ts";
import { openStore, type OpenedStore, type StoreOptions } from "../../../src/upload/store.ts";

export type TestServer = {
  readonly dir: string;
  readonly url: string;
  readonly store: OpenedStore;
  /** What was logged. */
  readonly lines: string[];
  /** Ends the server, and begins again with the same folder. */
  readonly restart: () => Promise<TestServer>;
  /** Ends the server, and leaves the folder. */
  readonly stop: () => Promise<void>;
  readonly close: () => Promise<void>;
};

type Options = Partial<StoreOptions> & Partial<Omit<UploadServerOptions, "store">>;

/** A store in a fresh folder (removed by `close` of the last), served on a free port. */
export async function serveStore(options: Options = {}): Promise<TestServer> {
  const dir = options.dir ?? (await mkdtemp(join(tmpdir(), "upload-")));
  const lines: string[] = [];
  const store = await openStore({ reserve: 0, ...options, dir });
  const serving: Serving = await startServing({
    ...options,
    store,
    host: "127.0.0.1",
    port: 0,
    log: (level, message) => void lines.push(`${level} ${message}`),
  });
  const stop = async () => {
    await serving.close();
    await store.close();
  };
  return {
    dir,
    url: serving.url,
    store,
    lines,
    stop,
    restart: async () => {
      await stop();
      return serveStore({ ...options, dir });
    },
    close: async () => {
      await stop();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

export function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** Bytes that are the same for the same seed, and do not repeat. */
export function bytesOf(length: number, seed = 1): Buffer<ArrayBuffer> {
  const bytes = Buffer.allocUnsafe(length);
  let state = seed >>> 0 || 1;
  for (let at = 0; at < length; at += 1) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    bytes[at] = state >>> 24;
  }
  return bytes;
}

/** A chunk as Dropzone posts it. */
export async function postChunk(
  url: string,
  {
    name,
    uuid,
    bytes,
    index,
    size,
    total = bytes.length,
    fields = {},
    body,
  }: {
    readonly name: string;
    readonly uuid: string;
    readonly bytes: Buffer<ArrayBuffer>;
    readonly index: number;
    /** Bytes of a chunk. */
    readonly size: number;
    readonly total?: number;
    readonly fields?: Readonly<Record<string, string>>;
    readonly body?: Buffer<ArrayBuffer>;
  },
): Promise<{ status: number; text: string; headers: Headers }> {
  const form = new FormData();
  const facts = {
    dzuuid: uuid,
    dzchunkindex: String(index),
    dztotalfilesize: String(total),
    dzchunksize: String(size),
    dztotalchunkcount: String(Math.ceil(total / size)),
    dzchunkbyteoffset: String(index * size),
    ...fields,
  };
  for (const [field, value] of Object.entries(facts)) form.set(field, value);
  form.set("file", new Blob([body ?? bytes.subarray(index * size, (index + 1) * size)]), name);
  const response = await fetch(`${url}/upload`, { method: "POST", body: form });
  return { status: response.status, text: await response.text(), headers: response.headers };
}

/** What is under a name now. */
export async function download(
  url: string,
  path: string,
): Promise<{ status: number; bytes: Buffer; headers: Headers }> {
  const response = await fetch(`${url}/f/${path}`);
  return { status: response.status, bytes: Buffer.from(await response.arrayBuffer()), headers: response.headers };
}
