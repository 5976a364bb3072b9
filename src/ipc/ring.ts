import { ProtocolError } from "./contract.ts";
import type { SharedMemory } from "./memory.ts";

/** Where a ring lies: two words that count bytes written and read, and its bytes (a power of two). */
export type RingPlace = {
  readonly written: number;
  readonly read: number;
  readonly start: number;
  readonly size: number;
};

/** A one-way stream of bytes in shared memory, one writer and one reader. Counters run on and wrap at 2^32. */
export type Ring = {
  /** Writes as much as fits; returns how many bytes that was. */
  write(bytes: Buffer): number;
  /** All that is there, copied, for the other side could change it while it is looked at. */
  read(): Buffer | undefined;
};

/** @throws {ProtocolError} when the counters make no sense: the other side wrote nonsense into them. */
export function createRing({ bytes, words }: SharedMemory, { written, read, start, size }: RingPlace): Ring {
  const used = () => {
    const count = (Atomics.load(words, written) - Atomics.load(words, read)) >>> 0;
    if (count > size) throw new ProtocolError("The shared memory's counters make no sense");
    return count;
  };
  return {
    write(data) {
      const count = Math.min(data.length, size - used());
      if (count === 0) return 0;
      const head = Atomics.load(words, written);
      const at = (head >>> 0) & (size - 1);
      const first = Math.min(count, size - at);
      bytes.set(data.subarray(0, first), start + at);
      if (count > first) bytes.set(data.subarray(first, count), start);
      Atomics.store(words, written, (head + count) | 0);
      return count;
    },
    read() {
      const count = used();
      if (count === 0) return undefined;
      const tail = Atomics.load(words, read);
      const at = (tail >>> 0) & (size - 1);
      const first = Math.min(count, size - at);
      const data = Buffer.allocUnsafe(count);
      data.set(bytes.subarray(start + at, start + at + first), 0);
      if (count > first) data.set(bytes.subarray(start, start + count - first), first);
      Atomics.store(words, read, (tail + count) | 0);
      return data;
    },
  };
}
