import { closeSync, fstatSync, ftruncateSync, openSync } from "node:fs";

import koffi from "koffi";

import { ProtocolError } from "./contract.ts";
import { checked, native, NativeError } from "./libc.ts";

/** Memory that two processes see. */
export type SharedMemory = {
  readonly bytes: Uint8Array;
  /** 32-bit words over the same memory, for Atomics and futexes. */
  readonly words: Int32Array;
  /** Waits in this thread until word `index` is no longer `seen`; `false` when `microseconds` passed first. */
  wait(index: number, seen: number, microseconds: number): boolean;
  /** The same on one of libuv's threads. */
  waitLater(index: number, seen: number, milliseconds: number): Promise<void>;
  wake(index: number): void;
  /** Unmaps it; nothing may touch it afterwards. */
  close(): void;
};

const MFD_CLOEXEC = 1;
const MFD_ALLOW_SEALING = 2;
const F_ADD_SEALS = 1033;
const F_GET_SEALS = 1034;
/** Neither side can resize it any more, so neither can make the other's access a SIGBUS. */
const F_SEAL_SEAL_SHRINK_GROW = 1 | 2 | 4;
const PROT_READ_WRITE = 3;
const MAP_SHARED = 1;
const FUTEX_WAIT = 0;
const FUTEX_WAKE = 1;
const everybody = 0x7f_ff_ff_ff;

/** futex(2) has no wrapper in the C library; its number depends on the processor. */
const futexNumber: Readonly<Record<string, number>> = { x64: 202, arm64: 98 };

/** Whether this machine has what sealed shared memory takes. */
export const hasSharedMemory = process.platform === "linux" && process.arch in futexNumber;

/** Anonymous memory, sealed at its size; others open `/proc/<pid>/fd/<fd>`. It vanishes with its last user. */
export function createSharedMemory(size: number): SharedMemory & { readonly fd: number } {
  const fd = checked(
    "memfd_create",
    native("int memfd_create(const char*, unsigned int)")("metacoin-ipc", MFD_CLOEXEC | MFD_ALLOW_SEALING),
  );
  ftruncateSync(fd, size);
  checked("fcntl", native("int fcntl(int, int, int)")(fd, F_ADD_SEALS, F_SEAL_SEAL_SHRINK_GROW));
  const memory = map(fd, size);
  return {
    ...memory,
    fd,
    close() {
      memory.close();
      closeSync(fd);
    },
  };
}

/** @throws {ProtocolError} when the memory is not sealed: its owner could cut it under our feet. */
export function openSharedMemory(pid: number, theirFd: number): SharedMemory {
  const fd = openSync(`/proc/${String(pid)}/fd/${String(theirFd)}`, "r+");
  try {
    const seals = checked("fcntl", native("int fcntl(int, int, int)")(fd, F_GET_SEALS, 0));
    if ((seals & F_SEAL_SEAL_SHRINK_GROW) !== F_SEAL_SEAL_SHRINK_GROW) {
      throw new ProtocolError("The shared memory is not sealed");
    }
    return map(fd, fstatSync(fd).size);
  } finally {
    closeSync(fd);
  }
}

function map(fd: number, size: number): SharedMemory {
  const number = futexNumber[process.arch];
  if (number === undefined) throw new NativeError(`No futex is known for ${process.arch}`);
  const address = native("void* mmap(void*, size_t, int, int, int, int64_t)")(
    null,
    size,
    PROT_READ_WRITE,
    MAP_SHARED,
    fd,
    0,
  );
  if (typeof address !== "bigint" || address === 0xff_ff_ff_ff_ff_ff_ff_ffn || address === -1n) {
    throw new NativeError("mmap failed");
  }
  const view = koffi.view(address, size);
  const words = new Int32Array(view);
  // futex(2) takes more arguments; these operations do not look at them.
  const futexWait = native("long syscall(long, void*, int, int, void*)");
  const futexWake = native("long syscall(long, void*, int, int)");
  const timeout = Buffer.alloc(16);
  let lastMicroseconds = 0;
  let open = true;
  let later = 0;
  const unmap = () => {
    if (!open && later === 0) native("int munmap(void*, size_t)")(address, size);
  };
  return {
    bytes: new Uint8Array(view),
    words,
    wait(index, seen, microseconds) {
      if (microseconds !== lastMicroseconds) fillTimeout(timeout, microseconds);
      lastMicroseconds = microseconds;
      futexWait(number, address + BigInt(index * 4), FUTEX_WAIT, seen, timeout);
      return Atomics.load(words, index) !== seen;
    },
    async waitLater(index, seen, milliseconds) {
      later += 1;
      const own = Buffer.alloc(16);
      fillTimeout(own, milliseconds * 1000);
      await new Promise<void>((resolve) => {
        futexWait.async(number, address + BigInt(index * 4), FUTEX_WAIT, seen, own, () => {
          // Named here so that it lives as long as the kernel may read it.
          own.fill(0);
          resolve();
        });
      });
      later -= 1;
      unmap();
    },
    wake(index) {
      futexWake(number, address + BigInt(index * 4), FUTEX_WAKE, everybody);
    },
    close() {
      if (!open) return;
      open = false;
      unmap();
    },
  };
}

function fillTimeout(timespec: Buffer, microseconds: number): void {
  timespec.writeBigInt64LE(BigInt(Math.floor(microseconds / 1_000_000)), 0);
  timespec.writeBigInt64LE(BigInt((microseconds % 1_000_000) * 1000), 8);
}
