import koffi from "koffi";

import { IpcError } from "./contract.ts";

/** The few calls of the C library that Node has no API for; each is looked up when first used. */
type NativeFunction = {
  (...args: readonly unknown[]): unknown;
  /** Runs on one of libuv's threads; the last argument is called with the error and the result. */
  readonly async: (...args: readonly unknown[]) => void;
};

const library = process.platform === "win32" ? undefined : koffi.load(null);
const functions = new Map<string, NativeFunction>();

/** Opens a function by its C prototype, such as `"int flock(int, int)"`. */
export function native(prototype: string): NativeFunction {
  if (library === undefined) throw new NativeError("The C library's calls for IPC do not exist on Windows");
  const known = functions.get(prototype) ?? library.func(prototype);
  functions.set(prototype, known);
  return known;
}

/** Throws a {@link NativeError} with the name of the failed call when `result` is negative. */
export function checked(call: string, result: unknown): number {
  const number = Number(result);
  if (number >= 0) return number;
  const errno = koffi.errno();
  const name = Object.entries(koffi.os.errno).find(([, value]) => value === errno)?.[0] ?? String(errno);
  throw new NativeError(`${call} failed: ${name}`, name);
}

export const LOCK_SH = 1;
export const LOCK_EX = 2;
export const LOCK_NB = 4;

/** flock(2): freed at once when its holder dies; `false` when another holds it and `LOCK_NB` was given. */
export function flock(fd: number, operation: number): boolean {
  try {
    checked("flock", native("int flock(int, int)")(fd, operation));
    return true;
  } catch (error) {
    if (error instanceof NativeError && (error.errno === "EWOULDBLOCK" || error.errno === "EAGAIN")) return false;
    throw error;
  }
}

/** A call of the C library that failed; `errno` is its symbolic name. */
export class NativeError extends IpcError {
  override readonly code = "NATIVE";
  readonly errno: string | undefined;

  constructor(message: string, errno?: string) {
    super(message);
    this.errno = errno;
  }
}
