import { ProtocolError } from "../contract.ts";

/** What one JSON document on a socket may cost. */
export type SplitLimits = {
  /** Largest document, in bytes; checked before a chunk is kept. */
  readonly capBytes: number;
  /** Deepest nesting of objects and arrays. */
  readonly maxDepth?: number;
};

const openingBrace = 0x7b;
const closingBrace = 0x7d;
const openingBracket = 0x5b;
const closingBracket = 0x5d;
const quote = 0x22;
const backslash = 0x5c;

/**
 * Cuts a byte stream into JSON documents, whether or not anything stands between them:
 * viem's `ipc()` sends bare objects, ethers and most servers end each with a newline.
 *
 * Only objects and arrays count as documents. The parts of an unfinished document are copied, for a chunk is only valid
 * during the call of `push`, and joined once, when it is complete.
 *
 * @throws {ProtocolError} from `push`, on a document above a limit or on bytes that cannot begin one; the stream is then lost.
 */
export function createSplitter({ capBytes, maxDepth = 256 }: SplitLimits): {
  push(chunk: Buffer): string[];
  /** Bytes of an unfinished document. */
  pending(): number;
} {
  let parts: Buffer[] = [];
  let kept = 0;
  let depth = 0;
  let inString = false;
  let escaped = false;

  const take = (chunk: Buffer, start: number, end: number): string => {
    if (kept + end - start > capBytes) throw tooLarge(capBytes);
    const last = chunk.subarray(start, end);
    const text = parts.length === 0 ? last.toString() : Buffer.concat([...parts, last]).toString();
    parts = [];
    kept = 0;
    return text;
  };

  return {
    push(chunk) {
      const documents: string[] = [];
      let start = depth > 0 ? 0 : -1;
      for (let at = 0; at < chunk.length; at++) {
        const byte = chunk[at];
        if (inString) {
          if (escaped) escaped = false;
          else if (byte === backslash) escaped = true;
          else if (byte === quote) inString = false;
        } else if (byte === openingBrace || byte === openingBracket) {
          if (depth === 0) start = at;
          depth++;
          if (depth > maxDepth)
            throw new ProtocolError(`A JSON document is nested deeper than ${String(maxDepth)} levels`);
        } else if (depth === 0) {
          if (!isSpace(byte)) throw new ProtocolError("Expected a JSON object or array");
        } else if (byte === closingBrace || byte === closingBracket) {
          depth--;
          if (depth > 0) continue;
          documents.push(take(chunk, start, at + 1));
          start = -1;
        } else if (byte === quote) inString = true;
      }
      if (start >= 0) {
        kept += chunk.length - start;
        if (kept > capBytes) throw tooLarge(capBytes);
        parts.push(Buffer.from(chunk.subarray(start)));
      }
      return documents;
    },
    pending: () => kept,
  };
}

function isSpace(byte: number | undefined): boolean {
  return byte === 0x0a || byte === 0x20 || byte === 0x0d || byte === 0x09;
}

function tooLarge(capBytes: number): ProtocolError {
  return new ProtocolError(`A JSON document is larger than ${String(capBytes)} bytes`);
}
