import { ProtocolError } from "./contract.ts";
import { headerBytes } from "./frames.ts";
import type { SharedMemory } from "./memory.ts";
import type { Ring } from "./ring.ts";

/** Clients at the same time. */
export const slotCount = 16;
export const ringBytes = 256 * 1024;
const headBytes = 4096;
const slotBytes = 4096 + 2 * ringBytes;

/** Words of the head: the server's doorbell. Words of a slot: owner's PID, the client's doorbell, four counters. */
export const serverBell = 0;
export const slotWord = (slot: number) => (headBytes + slot * slotBytes) / 4;
export const slotOf = (slot: number) => {
  const word = slotWord(slot);
  const start = headBytes + slot * slotBytes + 4096;
  return {
    owner: word,
    bell: word + 16,
    calls: { written: word + 32, read: word + 48, start, size: ringBytes },
    replies: { written: word + 64, read: word + 80, start: start + ringBytes, size: ringBytes },
  };
};

/** Writes bytes into a ring and rings the other side's bell; what does not fit waits here. */
export function createRingWriter(memory: SharedMemory, ring: Ring, bell: number, maxQueuedBytes: number) {
  let queue: Buffer[] = [];
  let queued = 0;
  let dropped = false;
  const ringBell = () => {
    Atomics.add(memory.words, bell, 1);
    memory.wake(bell);
  };
  /** `true` when something could be written. */
  const flush = (): boolean => {
    let moved = false;
    for (let next = queue[0]; next !== undefined; next = queue[0]) {
      const count = ring.write(next);
      queued -= count;
      moved ||= count > 0;
      if (count < next.length) {
        queue[0] = next.subarray(count);
        break;
      }
      queue.shift();
    }
    if (moved) ringBell();
    return moved;
  };
  return {
    ringBell,
    flush,
    send: (message: Buffer) => {
      // The memory may be unmapped already when a late result comes.
      if (dropped) return;
      message.writeUInt32BE(message.length - headerBytes, 0);
      if (queued + message.length > maxQueuedBytes + ringBytes) throw new ProtocolError("The other side does not read");
      queue.push(message);
      queued += message.length;
      flush();
    },
    idle: () => queued === 0,
    drop() {
      dropped = true;
      queue = [];
      queued = 0;
    },
  };
}

/** Bytes of the whole memory. */
export const memoryBytes = headBytes + slotCount * slotBytes;
