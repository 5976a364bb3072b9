import { Worker } from "node:worker_threads";

import { StoreError, StoreFullError } from "./failures.ts";
import type { HashAnswer, HashRequest } from "./hash-jobs.ts";

/** The hash worker, seen from the main thread: one question an upload at a time. */
export type Hasher = {
  /** Lets the worker hash behind the frontier; a hint. */
  readonly advance: (id: string, path: string, end: number) => void;
  readonly digest: (id: string, path: string, size: number) => Promise<string>;
  readonly assemble: (
    id: string,
    path: string,
    parts: readonly { readonly path: string; readonly size: number }[],
  ) => Promise<{ sha256: string; crc: number; size: number }>;
  /** The indexes of the pieces that do not have their crc32. */
  readonly check: (
    id: string,
    path: string,
    pieces: readonly { readonly start: number; readonly end: number; readonly crc: number }[],
  ) => Promise<readonly number[]>;
  readonly forget: (id: string) => void;
  readonly close: () => Promise<void>;
};

/** @param entry the worker's program. */
export function startHasher(entry: URL = new URL("hash-worker.ts", import.meta.url)): Hasher {
  const waiting = new Map<string, PromiseWithResolvers<HashAnswer>>();
  let [closed, worker]: [boolean, Worker | undefined] = [false, undefined];
  const fail = (error: Error) => {
    for (const { reject } of waiting.values()) reject(error);
    waiting.clear();
  };
  const begin = (): Worker => {
    const begun = new Worker(entry);
    begun
      .on("message", (answer: HashAnswer) => {
        const asked = waiting.get(answer.id);
        waiting.delete(answer.id);
        if (answer.error === undefined) asked?.resolve(answer);
        else asked?.reject(toError(answer.error));
      })
      .on("error", (cause) => fail(new StoreError("The hash worker failed", { cause })))
      .on("exit", () => {
        fail(new StoreError("The hash worker ended"));
        // What it had hashed is lost; whoever asks again is answered by the next one, from the start.
        worker = undefined;
      })
      .unref();
    return begun;
  };
  const tell = (request: HashRequest): Worker => {
    worker ??= begin();
    // eslint-disable-next-line unicorn/require-post-message-target-origin -- a worker, not a window
    worker.postMessage(request);
    return worker;
  };
  const ask = async (request: HashRequest): Promise<HashAnswer> => {
    if (closed) throw new StoreError("The hash worker ended");
    const asked = Promise.withResolvers<HashAnswer>();
    waiting.set(request.id, asked);
    const asking = tell(request);
    asking.ref();
    try {
      return await asked.promise;
    } finally {
      if (waiting.size === 0) asking.unref();
    }
  };
  const missing = () => new StoreError("The hash worker gave no answer");

  return {
    advance: (id, path, end) => void tell({ kind: "advance", id, path, end }),
    forget: (id) => void tell({ kind: "forget", id }),
    digest: async (id, path, size) => {
      const { sha256 } = await ask({ kind: "digest", id, path, size });
      if (sha256 === undefined) throw missing();
      return sha256;
    },
    assemble: async (id, path, parts) => {
      const { sha256, crc, size } = await ask({ kind: "assemble", id, path, parts });
      if (sha256 === undefined || crc === undefined || size === undefined) throw missing();
      return { sha256, crc, size };
    },
    check: async (id, path, pieces) => (await ask({ kind: "check", id, path, pieces })).bad ?? [],
    close: async () => {
      closed = true;
      await worker?.terminate();
    },
  };
}

function toError({ message, code }: { readonly message: string; readonly code: string | undefined }): Error {
  return code === "ENOSPC" || code === "EDQUOT"
    ? new StoreFullError("The disk is full")
    : new StoreError(`Hashing failed: ${message}`);
}
