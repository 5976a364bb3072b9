import { randomBytes } from "node:crypto";
import { lstatSync, mkdirSync, statSync } from "node:fs";
import { link, open, rm } from "node:fs/promises";
import { isAbsolute, join, resolve } from "node:path";

import { messageOf } from "../errors.ts";
import { IpcError } from "./contract.ts";

/** sockaddr_un holds 108 bytes on Linux and 104 on macOS, with the closing NUL. */
const longestSocketPath = 103;

/** Where the default folder is looked for; the caller reads the environment. */
export type FolderOptions = {
  /** XDG_RUNTIME_DIR, when set. */
  readonly runtimeDir?: string | undefined;
  readonly tmpDir: string;
};

/**
 * The folder in which endpoints live: mode 0700 and ours, made on first use.
 *
 * @throws {EndpointFolderError} when somebody else made it first, or others may enter it.
 */
export function endpointFolder({ runtimeDir, tmpDir }: FolderOptions): string {
  const uid = process.getuid?.();
  const folder = isUsable(runtimeDir) ? join(runtimeDir, "metacoin") : join(tmpDir, `metacoin-${String(uid ?? "ipc")}`);
  return ensurePrivateFolder(folder);
}

/** XDG Base Directory: what is empty or relative does not count. What `su` left set is another user's, who could exchange what is in it. */
function isUsable(runtimeDir: string | undefined): runtimeDir is string {
  if (runtimeDir === undefined || !isAbsolute(runtimeDir)) return false;
  const found = statSync(runtimeDir, { throwIfNoEntry: false });
  return found === undefined || process.platform === "win32" || found.uid === process.getuid?.();
}

/** Makes a folder of mode 0700, or checks that it is one. */
function ensurePrivateFolder(folder: string): string {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new EndpointFolderError(`The folder for endpoints cannot be made: ${messageOf(error)}`, {
      cause: error,
      hint: "XDG_RUNTIME_DIR names the folder it is made in; without one it is the system's for temporary files",
    });
  }
  if (process.platform === "win32") return folder;
  const { mode, uid } = lstatSync(folder);
  const isFolder = (mode & 0o170000) === 0o040000;
  if (!isFolder || uid !== process.getuid?.() || (mode & 0o077) !== 0) {
    throw new EndpointFolderError(`${folder} must be a folder of yours that nobody else can enter (mode 0700)`, {
      hint: `chmod 700 ${folder}`,
    });
  }
  return folder;
}

/**
 * The path for a unix socket; on Windows the named pipe that stands for it.
 *
 * @throws {PathTooLongError} above 103 bytes, which bind(2) would cut or refuse.
 */
export function socketPath(path: string): string {
  const absolute = resolve(path);
  if (process.platform === "win32") return `\\\\.\\pipe\\${absolute.replaceAll(/[\\/:]/gu, "-")}`;
  const length = Buffer.byteLength(absolute);
  if (length > longestSocketPath) {
    throw new PathTooLongError(
      `A socket path holds ${String(longestSocketPath)} bytes; this one has ${String(length)}: ${absolute}`,
      { hint: "Choose a shorter one with --path" },
    );
  }
  return absolute;
}

/** The key in `path`; made on first use, 32 random bytes as hex in a file of mode 0600. */
export async function readOrCreateKey(path: string): Promise<Buffer> {
  const existing = await readKey(path);
  if (existing !== undefined) return existing;
  const temporary = `${path}.${randomBytes(6).toString("hex")}.tmp`;
  try {
    const file = await open(temporary, "wx", 0o600);
    await file.writeFile(`${randomBytes(32).toString("hex")}\n`);
    await file.sync();
    await file.close();
    // link(2) fails where another process was first, so both read the same key.
    await link(temporary, path).catch((error: unknown) => {
      if (!isCode(error, "EEXIST")) throw error;
    });
  } finally {
    await rm(temporary, { force: true });
  }
  return (await readKey(path)) ?? Buffer.alloc(0);
}

/** The key in `path`, or `undefined` where there is no such file. */
export async function readKey(path: string): Promise<Buffer | undefined> {
  try {
    const file = await open(path, "r");
    try {
      const { mode } = await file.stat();
      if (process.platform !== "win32" && (mode & 0o077) !== 0) {
        throw new KeyFileError(`${path} can be read by others, so its key is no secret`, { hint: `chmod 600 ${path}` });
      }
      const text = (await file.readFile("utf8")).trim();
      if (text === "") throw new KeyFileError(`${path} holds no key`);
      return Buffer.from(text);
    } finally {
      await file.close();
    }
  } catch (error) {
    if (isCode(error, "ENOENT")) return undefined;
    if (error instanceof KeyFileError) throw error;
    throw new KeyFileError(`The key in ${path} cannot be read: ${messageOf(error)}`, { cause: error });
  }
}

/** Whether a failure of the system has this code. */
export function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}

/** The folder for endpoints is not ours alone. */
class EndpointFolderError extends IpcError {
  override readonly code = "ENDPOINT_FOLDER";
}

/** More bytes than a socket address holds. */
class PathTooLongError extends IpcError {
  override readonly code = "PATH_TOO_LONG";
}

/** A key file that does not keep its secret. */
class KeyFileError extends IpcError {
  override readonly code = "KEY_FILE";
}
