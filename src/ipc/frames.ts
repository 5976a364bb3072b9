import type { Socket } from "node:net";

import { ProtocolError } from "./contract.ts";

/** Bytes before each frame: its length, unsigned, big-endian. */
export const headerBytes = 4;

/**
 * Cuts a byte stream into length-prefixed frames.
 *
 * The length is checked before anything is kept, and the parts of an unfinished frame stay a list until it is complete,
 * so a peer costs at most `cap()` bytes plus one chunk. A frame is only valid during the call of `onFrame`, a chunk
 * during that of `push`.
 *
 * @throws {ProtocolError} from `push`, on a length above the cap; the stream is then lost.
 */
export function createFrameReader({
  cap,
  onFrame,
}: {
  readonly cap: () => number;
  readonly onFrame: (frame: Buffer) => void;
}): { push(chunk: Buffer): void } {
  let parts: Buffer[] = [];
  let kept = 0;
  let wanted = headerBytes;

  const check = (length: number) => {
    if (length > cap()) {
      throw new ProtocolError(`A message of ${String(length)} bytes was announced; ${String(cap())} are allowed`);
    }
    return length;
  };

  /** Takes whole frames straight from the chunk; keeps the rest. */
  const cut = (data: Buffer) => {
    let at = 0;
    while (data.length - at >= headerBytes) {
      const end = at + headerBytes + check(data.readUInt32BE(at));
      if (end > data.length) {
        wanted = end - at;
        break;
      }
      onFrame(data.subarray(at + headerBytes, end));
      at = end;
    }
    if (at === data.length) return;
    parts = [Buffer.from(data.subarray(at))];
    kept = data.length - at;
    if (kept < headerBytes) wanted = headerBytes;
  };

  return {
    push(chunk) {
      if (kept === 0) {
        cut(chunk);
        return;
      }
      kept += chunk.length;
      if (kept < wanted) {
        parts.push(Buffer.from(chunk));
        return;
      }
      const data = Buffer.concat([...parts, chunk], kept);
      parts = [];
      kept = 0;
      wanted = headerBytes;
      cut(data);
    },
  };
}

/** A frame with room for its header; `fill` writes the body. */
export function frame(body: Uint8Array): Buffer {
  const framed = Buffer.allocUnsafe(headerBytes + body.length);
  framed.writeUInt32BE(body.length, 0);
  framed.set(body, headerBytes);
  return framed;
}

/** Gathers what one tick sends and writes it at once: one system call instead of one a message. */
export function createCoalescedWriter(socket: Socket): {
  readonly send: (bytes: Buffer) => void;
  readonly flush: () => void;
} {
  let waiting: Buffer[] = [];
  const flush = () => {
    const [only] = waiting;
    if (only === undefined) return;
    const bytes = waiting.length === 1 ? only : Buffer.concat(waiting);
    waiting = [];
    if (!socket.destroyed && socket.writable) socket.write(bytes);
  };
  return {
    send(bytes) {
      if (waiting.push(bytes) === 1) process.nextTick(flush);
    },
    flush,
  };
}
