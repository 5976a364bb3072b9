import { closeSync, constants, fstatSync, ftruncateSync, openSync, readSync, writeSync } from "node:fs";
import { join } from "node:path";

import {
  type Connection,
  type ConnectOptions,
  type Endpoint,
  type Listener,
  type ListenOptions,
  ProtocolError,
  UnreachableError,
  UnsupportedError,
} from "./contract.ts";
import { isCode } from "./endpoint.ts";
import { isRecord } from "./messages.ts";
import { own } from "./own.ts";

/** The file's size: what a program that maps it sees. */
const fileBytes = 65_536;
const pollMs = 10;

/** A file of lines. It is read and written by file calls, which agree with every mapping and cannot fault when somebody cuts it. */
type LineFile = { read(): string[]; write(index: number, text: string): void; close(): void };

function openLineFile(path: string, create: boolean): LineFile {
  const fd = openSync(path, constants.O_RDWR | (create ? constants.O_CREAT : 0), 0o600);
  if (create && fstatSync(fd).size < fileBytes) ftruncateSync(fd, fileBytes);
  const buffer = Buffer.alloc(fileBytes);
  const read = () => {
    const length = readSync(fd, buffer, 0, fileBytes, 0);
    const end = buffer.subarray(0, length).indexOf(0);
    const lines = buffer.toString("utf8", 0, end < 0 ? length : end).split("\n");
    if (lines.at(-1) === "") lines.pop();
    return lines;
  };
  return {
    read,
    write(index, text) {
      const lines = read();
      while (lines.length < index) lines.push("");
      lines[index] = text.replaceAll(/[\n\0]/gu, " ");
      const bytes = Buffer.from([...lines, ""].join("\n"));
      if (bytes.length >= fileBytes) throw new ProtocolError(`The lines of ${path} hold ${String(fileBytes)} bytes`);
      // One write with its closing NUL: a reader sees the old text or the new one.
      writeSync(fd, Buffer.concat([bytes, Buffer.alloc(1)]), 0, bytes.length + 1, 0);
    },
    close() {
      closeSync(fd);
    },
  };
}

const pathOf = ({ folder, path }: Endpoint) => path ?? join(folder, "lines");

/** Calls `onLine` for each line that differs from the last look. A mapping tells nobody that it was written, so it is looked at. */
function watchLines(file: LineFile, onLine: (index: number, text: string) => void): { look(): void; stop(): void } {
  let known = file.read();
  const look = () => {
    const lines = file.read();
    const changed = lines.map((text, index) => ({ text, index })).filter(({ text, index }) => text !== known[index]);
    known = lines;
    for (const { text, index } of changed) onLine(index, text);
  };
  const timer = setInterval(look, pollMs);
  return {
    look,
    stop() {
      clearInterval(timer);
    },
  };
}

export function listenLines({ endpoint, answer, onFault }: ListenOptions): Promise<Listener> {
  const path = pathOf(endpoint);
  const ownership = own(path);
  const file = openLineFile(path, true);
  /** Lines the service is being told, and so must not write: somebody may have written anew since they were read. */
  const told = new Map<number, string>();
  const tell = async (index: number, text: string) => {
    told.set(index, text);
    try {
      await answer({ method: "line", params: [index, text], peer: {}, signal: new AbortController().signal });
    } catch (error) {
      onFault?.(error instanceof Error ? error : new ProtocolError(String(error)));
    } finally {
      if (told.get(index) === text) told.delete(index);
    }
  };
  const watching = watchLines(file, (index, text) => {
    void tell(index, text);
  });
  return Promise.resolve({
    address: path,
    publish({ topic, data }) {
      if (topic !== "line" || !isRecord(data)) return;
      const { index, text } = data;
      if (typeof index !== "number" || typeof text !== "string" || told.get(index) === text) return;
      if (file.read()[index] !== text) file.write(index, text);
    },
    close() {
      watching.look();
      watching.stop();
      file.close();
      ownership.release();
      return Promise.resolve();
    },
  });
}

export function connectLines({ endpoint }: ConnectOptions): Promise<Connection> {
  const path = pathOf(endpoint);
  let file: LineFile;
  try {
    file = openLineFile(path, false);
  } catch (error) {
    if (!isCode(error, "ENOENT")) throw error;
    return Promise.reject(
      new UnreachableError(`There is no ${path}`, {
        hint: "Start a server: npx hardhat ipc serve --transport shm --protocol lines",
      }),
    );
  }
  let watching: { stop(): void } | undefined;
  const closed = Promise.withResolvers<void>();
  return Promise.resolve({
    request(method, [index, text]) {
      if (method === "lines") return Promise.resolve(file.read());
      if (method !== "line" || typeof index !== "number" || typeof text !== "string") {
        return Promise.reject(new UnsupportedError("A file of lines knows: lines, line INDEX TEXT"));
      }
      const changed = file.read()[index] !== text;
      if (changed) file.write(index, text);
      return Promise.resolve(changed);
    },
    subscribe({ onEvent }) {
      watching ??= watchLines(file, (index, text) => {
        onEvent({ topic: "line", data: { index, text } });
      });
      return Promise.resolve();
    },
    closed: closed.promise,
    close() {
      watching?.stop();
      file.close();
      closed.resolve();
      return Promise.resolve();
    },
  });
}
