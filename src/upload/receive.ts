import type { IncomingMessage, ServerResponse } from "node:http";

import type { Hold } from "./core.ts";
import { CutError } from "./failures.ts";
import { MiB } from "./protocol.ts";

/** What is gathered before it is written. */
const writeSize = MiB;

/** The slowest a body may come: fewer than `minBytes` in `windowMs` end the request; what came is kept. */
export type Rate = { readonly minBytes: number; readonly windowMs: number };

export const slowest: Rate = { minBytes: 1024, windowMs: 30_000 };

/** Gathers the slices of a body and writes them, large and in order, while the next are coming. */
export type Gather = {
  readonly push: (bytes: Buffer) => void;
  /** Undefined while there is room; otherwise resolves when there is again. */
  readonly full: () => Promise<void> | undefined;
  /** Writes what is left. */
  readonly flush: () => Promise<void>;
  /** Resolves when nothing is being written. */
  readonly settle: () => Promise<void>;
  readonly bytes: () => number;
};

/** @param afterWrite `hold.commit` where bytes count at once. */
export function createGather(hold: Hold, afterWrite: () => void): Gather {
  let pending: Buffer[] = [];
  let [pendingBytes, bytes] = [0, 0];
  let writing: Promise<void> | undefined;
  let failure: { readonly error: unknown } | undefined;

  const writeOn = async (least: number): Promise<void> => {
    while (pendingBytes >= least && failure === undefined) {
      const data = pending;
      pending = [];
      pendingBytes = 0;
      try {
        await hold.write(data);
        afterWrite();
      } catch (error) {
        failure = { error };
      }
    }
    writing = undefined;
  };
  const raise = () => {
    if (failure !== undefined) throw failure.error;
  };
  return {
    push: (slice) => {
      raise();
      hold.take(slice);
      pending.push(slice);
      pendingBytes += slice.length;
      bytes += slice.length;
      if (pendingBytes >= writeSize) writing ??= writeOn(writeSize);
    },
    full: () => (pendingBytes >= writeSize ? writing?.then(raise) : undefined),
    flush: async () => {
      await writing;
      raise();
      await writeOn(1);
      raise();
    },
    settle: async () => {
      await writing;
    },
    bytes: () => bytes,
  };
}

export type Receiving = {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly rate: Rate;
  /** Takes the next slice; what it throws ends the reading. */
  readonly take: (bytes: Buffer) => void;
  readonly full: () => Promise<void> | undefined;
  /** Ends the reading as if the connection had been cut. */
  readonly stop?: AbortSignal | undefined;
};

/**
 * Reads a body to its end.
 *
 * @returns undefined where it was whole; otherwise why it was not.
 */
export async function receive({ request, response, rate, take, full, stop }: Receiving): Promise<CutError | undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<CutError | undefined>();
  let [received, seen] = [0, 0];
  const onData = (bytes: Buffer) => {
    received += bytes.length;
    try {
      take(bytes);
      const room = full();
      if (room === undefined) return;
      request.pause();
      room.then(() => request.resume(), reject);
    } catch (error) {
      reject(error);
    }
  };
  const cut = () => resolve(new CutError("The connection ended before the body did"));
  const replaced = () => resolve(new CutError("A newer request took over"));
  const end = () => resolve(undefined);
  const watch = setInterval(() => {
    // A pause is ours, not the client's.
    if (!request.isPaused() && received - seen < rate.minBytes)
      resolve(new CutError(`Fewer than ${String(rate.minBytes)} bytes came in ${String(rate.windowMs)} ms`));
    seen = received;
  }, rate.windowMs);
  if (request.headers.expect !== undefined) response.writeContinue();
  request.on("data", onData).on("end", end).on("close", cut).on("error", cut);
  stop?.addEventListener("abort", replaced);
  if (stop?.aborted === true) replaced();
  try {
    return await promise;
  } finally {
    clearInterval(watch);
    request.off("data", onData).off("end", end).off("close", cut);
    stop?.removeEventListener("abort", replaced);
  }
}

/** A small body as a whole. @throws {CutError} */
export async function receiveSmall(
  parts: Pick<Receiving, "request" | "response" | "rate">,
  limit: { readonly bytes: number; readonly error: () => Error },
): Promise<Buffer> {
  const slices: Buffer[] = [];
  let bytes = 0;
  const take = (slice: Buffer) => {
    bytes += slice.length;
    if (bytes > limit.bytes) throw limit.error();
    slices.push(slice);
  };
  const cut = await receive({ ...parts, take, full: () => undefined });
  if (cut !== undefined) throw cut;
  return Buffer.concat(slices);
}

/** The declared length of a body; undefined where it comes in chunks. */
export function lengthOf({ headers }: IncomingMessage): number | undefined {
  const length = headers["content-length"];
  if (length !== undefined) return Number(length);
  return headers["transfer-encoding"] === undefined ? 0 : undefined;
}
