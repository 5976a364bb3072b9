// The thread that hashes: it reads files behind the bytes that arrive, a slice of one job after a slice of another.
import { createHash, type Hash } from "node:crypto";
import { closeSync, constants, fdatasyncSync, openSync, readSync, writeSync } from "node:fs";
import { parentPort } from "node:worker_threads";
import { crc32 } from "node:zlib";

import type { HashAnswer, HashRequest } from "./hash-jobs.ts";

type Running = { descriptor: number; hash: Hash; position: number; end: number; size: number | undefined };

const slice = 4 * 1024 * 1024;
const buffer = Buffer.allocUnsafeSlow(1024 * 1024);
const running = new Map<string, Running>();
let scheduled = false;

parentPort?.on("message", (request: HashRequest) => {
  try {
    accept(request);
  } catch (error) {
    refuse(request.id, error);
  }
});

function accept(request: HashRequest): void {
  const { kind, id } = request;
  if (kind === "forget") drop(id);
  else if (kind === "assemble") answer({ id, ...assemble(request.path, request.parts) });
  else if (kind === "check") answer({ id, bad: check(request.path, request.pieces) });
  else {
    const job = running.get(id) ?? start(id, request.path);
    job.end = Math.max(job.end, kind === "digest" ? request.size : request.end);
    if (kind === "digest") job.size = request.size;
    schedule();
  }
}

function start(id: string, path: string): Running {
  const descriptor = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  const job = { descriptor, hash: createHash("sha256"), position: 0, end: 0, size: undefined };
  running.set(id, job);
  return job;
}

function schedule(): void {
  if (scheduled) return;
  scheduled = true;
  setImmediate(() => {
    scheduled = false;
    for (const [id, job] of running) {
      try {
        step(id, job);
      } catch (error) {
        drop(id);
        refuse(id, error);
      }
    }
    if ([...running.values()].some(({ position, end }) => position < end)) schedule();
  });
}

/** Hashes the next slice of a job, and answers where it was the last. */
function step(id: string, job: Running): void {
  const end = Math.min(job.end, job.position + slice);
  job.position = read(job.descriptor, job.position, end, (bytes) => void job.hash.update(bytes));
  if (job.position !== job.size) return;
  const sha256 = job.hash.digest("hex");
  drop(id);
  answer({ id, sha256 });
}

function read(descriptor: number, start: number, end: number, use: (bytes: Buffer) => void): number {
  let position = start;
  while (position < end) {
    const count = readSync(descriptor, buffer, 0, Math.min(buffer.length, end - position), position);
    if (count === 0) throw new Error(`The file ends at ${String(position)}, before ${String(end)}`);
    use(buffer.subarray(0, count));
    position += count;
  }
  return position;
}

function assemble(path: string, parts: readonly { path: string; size: number }[]): Omit<HashAnswer, "id"> {
  const target = openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o600);
  try {
    const hash = createHash("sha256");
    let [crc, size] = [0, 0];
    for (const part of parts) {
      const source = openSync(part.path, constants.O_RDONLY | constants.O_NOFOLLOW);
      try {
        read(source, 0, part.size, (bytes) => {
          hash.update(bytes);
          crc = crc32(bytes, crc);
          for (let done = 0; done < bytes.length;)
            done += writeSync(target, bytes, done, bytes.length - done, size + done);
          size += bytes.length;
        });
      } finally {
        closeSync(source);
      }
    }
    fdatasyncSync(target);
    return { sha256: hash.digest("hex"), crc, size };
  } finally {
    closeSync(target);
  }
}

function check(path: string, pieces: readonly { start: number; end: number; crc: number }[]): number[] {
  const descriptor = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    return pieces.flatMap(({ start, end, crc }, index) => (crcOf(descriptor, start, end) === crc ? [] : [index]));
  } finally {
    closeSync(descriptor);
  }
}

/** undefined where the file is too short. */
function crcOf(descriptor: number, start: number, end: number): number | undefined {
  let crc = 0;
  try {
    read(descriptor, start, end, (bytes) => {
      crc = crc32(bytes, crc);
    });
    return crc;
  } catch {
    return undefined;
  }
}

function drop(id: string): void {
  const job = running.get(id);
  if (job !== undefined) closeSync(job.descriptor);
  running.delete(id);
}

function answer(message: HashAnswer): void {
  // eslint-disable-next-line unicorn/require-post-message-target-origin -- a worker, not a window
  parentPort?.postMessage(message);
}

function refuse(id: string, error: unknown): void {
  const code = error instanceof Error && "code" in error ? String(error.code) : undefined;
  answer({ id, error: { message: error instanceof Error ? error.message : String(error), code } });
}
