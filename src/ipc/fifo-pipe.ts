import { closeSync, constants, fstatSync, lstatSync, openSync, readdirSync, rmSync, writeSync } from "node:fs";
import { Socket } from "node:net";
import { basename, dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

import { ProtocolError, UnreachableError } from "./contract.ts";
import { isCode } from "./endpoint.ts";
import { checked, native } from "./libc.ts";
import { isAlive } from "./process.ts";

/** Makes a FIFO of mode 0600, over one that a dead server left. */
export function makeFifo(path: string): void {
  try {
    if (!lstatSync(path).isFIFO()) throw new ProtocolError(`${path} exists and is no FIFO`);
    rmSync(path);
  } catch (error) {
    if (!isCode(error, "ENOENT")) throw error;
  }
  checked("mkfifo", native("int mkfifo(const char*, unsigned int)")(path, 0o600));
}

/** What a pipe holds by default on Linux; pipe(7). */
const pipeBytes = 65_536;

/**
 * Reads a FIFO by epoll: `fs` would park a thread in it, and four such reads stop the process from ending.
 * All is read into one buffer, so a chunk is only valid during the call of `onData`.
 */
export function readFifo(path: string, flags: number, onData: (chunk: Buffer) => void): Socket {
  const fd = openSync(path, flags | constants.O_NONBLOCK);
  const chunk = Buffer.allocUnsafe(pipeBytes);
  const socket = new Socket({
    fd,
    readable: true,
    writable: false,
    onread: {
      buffer: chunk,
      callback(length) {
        onData(chunk.subarray(0, length));
        return true;
      },
    },
  });
  socket.on("error", () => undefined).resume();
  return socket;
}

/** Sends whole frames into a FIFO. */
export type FifoWriter = { send(frame: Buffer): void; close(): void };

/** Writes whole frames; those that do not fit into the pipe wait here. */
export function createFifoWriter(path: string, maxQueuedBytes: number, onLost: (cause: unknown) => void): FifoWriter {
  const fd = openForWriting(path);
  const queue: Buffer[] = [];
  let queued = 0;
  let open = true;
  let timer: NodeJS.Timeout | undefined;
  const close = () => {
    clearTimeout(timer);
    if (open) closeSync(fd);
    open = false;
  };
  const fail = (cause: unknown) => {
    close();
    onLost(cause);
  };
  const tryWrite = (frame: Buffer): boolean => {
    if (!open) return false;
    try {
      writeSync(fd, frame);
      return true;
    } catch (error) {
      if (!isCode(error, "EAGAIN")) fail(error);
      return false;
    }
  };
  const flush = () => {
    for (let next = queue[0]; next !== undefined && tryWrite(next); next = queue[0]) {
      queued -= next.length;
      queue.shift();
    }
    if (open && queue.length > 0) timer = setTimeout(flush, 1);
  };
  return {
    send(frame) {
      if (!open || (queue.length === 0 && tryWrite(frame)) || !open) return;
      queue.push(frame);
      queued += frame.length;
      if (queued > maxQueuedBytes) fail(new ProtocolError("The other side does not read"));
      else if (queue.length === 1) timer = setTimeout(flush, 1);
    },
    close,
  };
}

/** Looks at what was opened, not at its name: a frame must never be written into somebody's file. */
function openForWriting(path: string): number {
  const fd = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW);
  if (fstatSync(fd).isFIFO()) return fd;
  closeSync(fd);
  throw new ProtocolError(`${path} is no FIFO`);
}

/** Removes the reply FIFOs of clients that were killed. */
export function removeStaleReplies(path: string): void {
  const folder = dirname(path);
  for (const name of readdirSync(folder)) {
    const pid = name.startsWith(`${basename(path)}.`)
      ? /\.([0-9a-f]{8})\.[0-9a-f]{15}\.reply$/u.exec(name)?.[1]
      : undefined;
    if (pid !== undefined && !isAlive(Number.parseInt(pid, 16))) rmSync(join(folder, name), { force: true });
  }
}

/** A FIFO without a reader cannot be opened for writing (ENXIO): a server that just starts gets a moment. */
export async function openWhenRead(
  path: string,
  open: () => FifoWriter,
  signal: AbortSignal | undefined,
): Promise<FifoWriter> {
  const until = performance.now() + 1000;
  for (;;) {
    try {
      return open();
    } catch (error) {
      if (error instanceof ProtocolError) throw error;
      if (!isCode(error, "ENXIO") || performance.now() > until) {
        throw new UnreachableError(`Nobody reads ${path}`, {
          cause: error,
          hint: "Start a server: npx hardhat ipc serve --transport fifo",
        });
      }
    }
    await delay(10, undefined, { signal });
  }
}
