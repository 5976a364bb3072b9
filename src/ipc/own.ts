import { closeSync, constants, lstatSync, openSync, rmSync } from "node:fs";
import type { ListenOptions as NetOptions, Server } from "node:net";

import { messageOf } from "../errors.ts";
import { EndpointBusyError, IpcError } from "./contract.ts";
import { isCode, socketPath } from "./endpoint.ts";
import { flock, LOCK_EX, LOCK_NB } from "./libc.ts";

/** Ownership of a path: held while the process lives, freed by the kernel when it dies. */
export type Ownership = { readonly release: () => void };

/**
 * Takes the flock(2) beside `path`. The lock file stays behind on purpose: removing it would let two owners in.
 *
 * @throws {EndpointBusyError} when a living process holds it.
 * @throws {EndpointPathError} where no lock can be made there.
 */
export function own(path: string): Ownership {
  if (process.platform === "win32") return { release: () => undefined };
  const fd = openLock(`${path}.lock`);
  if (!takeLock(fd)) {
    closeSync(fd);
    throw new EndpointBusyError(`Another server already owns ${path}`, {
      hint: "Stop it first, or choose another endpoint with --path",
    });
  }
  let held = true;
  return {
    release() {
      if (held) closeSync(fd);
      held = false;
    },
  };
}

function openLock(path: string): number {
  const { O_RDWR, O_CREAT, O_APPEND, O_NOFOLLOW } = constants;
  try {
    return openSync(path, O_RDWR | O_CREAT | O_APPEND | O_NOFOLLOW, 0o600);
  } catch (error) {
    throw new EndpointPathError(`Nothing can be served there: ${messageOf(error)}`, {
      cause: error,
      hint: "Is --path in a folder that exists and that you may write to? Without it one of your own is taken",
    });
  }
}

/** A client that asks whether a server lives holds a shared lock for some microseconds: a few tries tell it from an owner. */
function takeLock(fd: number): boolean {
  for (let tries = 0; tries < 5; tries += 1) {
    if (flock(fd, LOCK_EX | LOCK_NB)) return true;
    Atomics.wait(pause, 0, 0, 1);
  }
  return false;
}

const pause = new Int32Array(new SharedArrayBuffer(4));

/**
 * Binds a server to a unix socket of mode 0600, over whatever a dead server left there; never over a living one.
 * On Windows the path becomes a named pipe, which only one server can create.
 *
 * @returns the ownership, to be released after the server has closed.
 */
export async function listenOwned(server: Server, path: string, options: NetOptions = {}): Promise<Ownership> {
  const address = socketPath(path);
  const ownership = own(address);
  try {
    removeStale(address);
    await bindPrivately(server, address, options);
    return ownership;
  } catch (error) {
    ownership.release();
    if (isCode(error, "EADDRINUSE"))
      throw new EndpointBusyError(`Another server already owns ${address}`, { cause: error });
    throw error;
  }
}

/** The socket file is born with mode 0600: Node binds inside `listen()`, so the umask holds for that one call. */
async function bindPrivately(server: Server, path: string, options: NetOptions): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    const before = process.umask(0o177);
    try {
      server.listen({ ...options, path }, () => {
        server.off("error", reject);
        resolve();
      });
    } finally {
      process.umask(before);
    }
  });
}

/** Removes a socket; anything else at that path is somebody's file and stays. */
function removeStale(path: string): void {
  if (process.platform === "win32") return;
  try {
    if (!lstatSync(path).isSocket()) throw new NotASocketError(`${path} exists and is not a socket`);
    rmSync(path);
  } catch (error) {
    if (!isCode(error, "ENOENT")) throw error;
  }
}

/** The endpoint's path is no place for one. */
class EndpointPathError extends IpcError {
  override readonly code = "ENDPOINT_PATH";
}

/** A file that is not ours to remove stands at the endpoint. */
class NotASocketError extends IpcError {
  override readonly code = "NOT_A_SOCKET";
}
