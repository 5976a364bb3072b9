import { ProtocolError } from "./contract.ts";

/** A frame: X, four digits, body. */
export const fifoHeaderBytes = 5;

const letterX = 0x58;
const zero = 0x30;
const nothing = Buffer.alloc(0);

/** A write of up to PIPE_BUF bytes is atomic, so one frame is one write. */
const maxFrameBytes = 4096;

/** Fills the header of a frame whose body begins after `fifoHeaderBytes`. */
export function sealFifoFrame(bytes: Buffer): Buffer {
  const length = bytes.length - fifoHeaderBytes;
  if (bytes.length > maxFrameBytes) {
    throw new ProtocolError(
      `A FIFO carries ${String(maxFrameBytes - fifoHeaderBytes)} bytes at once; this message has ${String(length)}`,
    );
  }
  bytes[0] = letterX;
  for (let at = fifoHeaderBytes - 1, rest = length; at > 0; at -= 1, rest = Math.floor(rest / 10))
    bytes[at] = zero + (rest % 10);
  return bytes;
}

/**
 * Cuts what comes out of a FIFO into bodies. Whatever stands where a frame should begin is "Out of sync!":
 * it is told once and skipped up to the next X with four digits.
 */
export function createFifoReader({
  onBody,
  onFault,
}: {
  readonly onBody: (body: Buffer) => void;
  readonly onFault: (fault: Error) => void;
}): {
  /** Whether a frame is unfinished, and whether one was completed meanwhile. */
  push(chunk: Buffer): { readonly partial: boolean; readonly progress: boolean };
  /** Gives the unfinished frame up and reads what came after its header anew. */
  skipPartial(): void;
} {
  let kept: Buffer = nothing;
  let lost = false;

  const skip = (data: Buffer, at: number): number => {
    if (!lost) onFault(new ProtocolError("Out of sync!"));
    lost = true;
    const next = data.indexOf(letterX, at + 1);
    return next < 0 ? data.length : next;
  };

  const push = (chunk: Buffer) => {
    const data = kept.length === 0 ? chunk : Buffer.concat([kept, chunk]);
    let progress = false;
    let at = 0;
    while (at < data.length) {
      const header = headerAt(data, at);
      if (header === undefined) {
        at = skip(data, at);
        continue;
      }
      const end = header.complete ? at + fifoHeaderBytes + header.length : Infinity;
      if (end > data.length) break;
      lost = false;
      progress = true;
      onBody(data.subarray(at + fifoHeaderBytes, end));
      at = end;
    }
    kept = at < data.length ? Buffer.from(data.subarray(at)) : nothing;
    return { partial: kept.length > 0, progress };
  };

  return {
    push,
    skipPartial() {
      if (kept.length === 0) return;
      const data = kept;
      kept = nothing;
      push(data.subarray(skip(data, 0)));
    },
  };
}

/** The header at a place; `undefined` when there is none, incomplete when its bytes are still to come. */
function headerAt(data: Buffer, at: number): { readonly complete: boolean; readonly length: number } | undefined {
  if (data[at] !== letterX) return undefined;
  let length = 0;
  for (let index = at + 1; index < at + fifoHeaderBytes; index += 1) {
    const byte = data[index];
    if (byte === undefined) return { complete: false, length: 0 };
    if (byte < zero || byte > zero + 9) return undefined;
    length = length * 10 + (byte - zero);
  }
  return { complete: true, length };
}
