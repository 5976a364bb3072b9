import { randomUUID } from "node:crypto";
import { existsSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import {
  type Availability,
  can,
  CancelledError,
  type Connection,
  type ConnectOptions,
  defaultLimits,
  DisconnectedError,
  type Endpoint,
  type Listener,
  type ListenOptions,
  ProtocolError,
  type Transport,
  UnreachableError,
  UnsupportedError,
} from "./contract.ts";
import { isCode } from "./endpoint.ts";
import { withLock } from "./lock.ts";
import { describeFailure, isRecord, remoteFailure } from "./messages.ts";
import { own } from "./own.ts";
import { isServed } from "./served.ts";
import { watchFile } from "./watch.ts";

/** A reply nobody fetched is removed after this long, in milliseconds. */
const keepMs = 600_000;

/**
 * A JSON file that both sides write, guarded by flock(2) on `<file>.lock`:
 * `{ "<uuid>": { "command": "add", "args": [1, 2] } }`, to which the server adds `result` or `error`.
 */
export const file: Transport = {
  name: "file",
  summary: "shared JSON file under a lock that dies with its holder",
  caps: can("request", "payload", "ordered", "reliable", "needsFile"),
  available,
  listen,
  connect,
};

function available(): Promise<Availability> {
  if (process.platform !== "win32") return Promise.resolve({ ready: true });
  return Promise.resolve({ ready: false, reason: "Windows has no flock(2); use --transport socket" });
}

const pathOf = ({ folder, path }: Endpoint) => path ?? join(folder, "commands.json");

type Entries = Record<string, unknown>;

/** The commands in the file; what is not a JSON object, or too large, is moved aside and told. */
function readEntries(path: string, maxBytes: number, onFault: ListenOptions["onFault"]): Entries {
  try {
    const { size } = statSync(path);
    if (size === 0) return {};
    if (size > maxBytes) throw new ProtocolError(`${path} has ${String(size)} bytes; ${String(maxBytes)} are allowed`);
    const entries: unknown = JSON.parse(readFileSync(path, "utf8"));
    if (!isRecord(entries)) throw new ProtocolError(`${path} holds no commands`);
    return entries;
  } catch (error) {
    if (isCode(error, "ENOENT")) return {};
    // Only content is bad: a file that could not be opened this time is somebody's commands.
    if (!(error instanceof ProtocolError || error instanceof SyntaxError)) throw error;
    renameSync(path, `${path}.bad`);
    writeEntries(path, {});
    onFault?.(new ProtocolError(`${path} could not be read and was moved to ${path}.bad`, { cause: error }));
    return {};
  }
}

/** A crash leaves the old file or the new one; foreign readers hold the lock and open it by name. */
function writeEntries(path: string, entries: Entries): void {
  const temporary = `${path}.${String(process.pid)}.tmp`;
  writeFileSync(temporary, JSON.stringify(entries), { mode: 0o600 });
  renameSync(temporary, path);
}

const isDone = (entry: unknown) => isRecord(entry) && ("result" in entry || "error" in entry);

async function listen(options: ListenOptions): Promise<Listener> {
  const { endpoint, answer, onFault } = options;
  const { maxMessageBytes } = { ...defaultLimits, ...options.limits };
  const path = pathOf(endpoint);
  const lock = `${path}.lock`;
  const ownership = own(`${path}.server`);
  const running = new Map<string, { readonly done: Promise<void>; readonly controller: AbortController }>();
  const doneAt = new Map<string, number>();
  const finished = new Map<string, Entries>();
  let closed = false;

  const run = async (id: string, entry: unknown, signal: AbortSignal) => {
    const given = isRecord(entry) ? entry : {};
    const outcome = await carryOut(given, signal);
    finished.set(id, { ...given, ...outcome });
    wake();
  };

  const carryOut = async ({ command, args }: Entries, signal: AbortSignal): Promise<Entries> => {
    try {
      if (typeof command !== "string") throw new ProtocolError("A command has no name");
      const params: unknown[] = Array.isArray(args) ? args : [];
      return { result: (await answer({ method: command, params, peer: {}, signal })) ?? null };
    } catch (error) {
      const { code, message } = describeFailure(error);
      return { error: message, code };
    }
  };

  /** Starts what is new; writes what is finished. */
  const exchange = async () => {
    await withLock(lock, () => {
      const entries = readEntries(path, maxMessageBytes, onFault);
      let changed = false;
      for (const [id, done] of finished) {
        // A client that gave up has taken its entry back.
        if (Object.hasOwn(entries, id)) {
          entries[id] = done;
          doneAt.set(id, Date.now());
          changed = true;
        }
        running.delete(id);
      }
      finished.clear();
      for (const [id, entry] of Object.entries(entries)) {
        const at = doneAt.get(id);
        if (isDone(entry)) {
          if (at === undefined) doneAt.set(id, Date.now());
          else if (Date.now() - at > keepMs) {
            delete entries[id];
            changed = true;
          }
        } else if (!running.has(id) && !closed) {
          const controller = new AbortController();
          running.set(id, { done: run(id, entry, controller.signal), controller });
        }
      }
      for (const [id, { controller }] of running) {
        if (!Object.hasOwn(entries, id)) controller.abort(new CancelledError("The caller took its command back"));
      }
      for (const id of doneAt.keys()) if (!Object.hasOwn(entries, id)) doneAt.delete(id);
      if (changed) writeEntries(path, entries);
    });
  };

  let busy: Promise<void> | undefined;
  let again = false;
  const wake = () => {
    again = true;
    busy ??= (async () => {
      while (again) {
        again = false;
        await exchange().catch((error: unknown) =>
          onFault?.(error instanceof Error ? error : new ProtocolError(String(error))),
        );
      }
      busy = undefined;
    })();
  };

  if (!existsSync(path))
    await withLock(lock, () => {
      if (!existsSync(path)) writeEntries(path, {});
    });
  const watcher = watchFile(path, wake);
  wake();
  return {
    address: path,
    publish: () => Promise.reject(new UnsupportedError("A shared file has no events")),
    async close() {
      await busy;
      await exchange();
      closed = true;
      watcher.close();
      while (running.size > 0 || finished.size > 0) {
        await Promise.all([...running.values()].map(({ done }) => done));
        await exchange();
      }
      ownership.release();
    },
  };
}

async function connect({ endpoint, limits: given, signal: opening }: ConnectOptions): Promise<Connection> {
  const { maxMessageBytes } = { ...defaultLimits, ...given };
  const path = pathOf(endpoint);
  const lock = `${path}.lock`;
  opening?.throwIfAborted();
  if (!existsSync(path)) {
    throw new UnreachableError(`Nobody serves ${path}`, {
      hint: "Start a server: npx hardhat ipc serve --transport file",
    });
  }
  const pending = new Map<
    string,
    { readonly resolve: (value: unknown) => void; readonly reject: (error: unknown) => void }
  >();
  const closed = Promise.withResolvers<void>();

  const fetch = async () => {
    if (pending.size === 0) return;
    // Asked first: a reply written before the server left is then found below.
    const served = isServed(`${path}.server`);
    const replies = await withLock(lock, () => {
      const entries = readEntries(path, maxMessageBytes, undefined);
      const done = [...pending.keys()].filter((id) => isDone(entries[id])).map((id) => [id, entries[id]] as const);
      for (const [id] of done) delete entries[id];
      if (done.length > 0) writeEntries(path, entries);
      return done;
    });
    for (const [id, reply] of replies) {
      const waiting = pending.get(id);
      pending.delete(id);
      if (!isRecord(reply)) continue;
      if ("error" in reply) waiting?.reject(remoteFailure({ code: reply["code"], message: reply["error"] }));
      else waiting?.resolve(reply["result"]);
    }
    if (!served) lose();
  };

  const lose = () => {
    for (const { reject } of pending.values()) reject(new DisconnectedError(`Nobody serves ${path} any more`));
    pending.clear();
  };

  let busy = false;
  let again = false;
  const wake = () => {
    again = true;
    if (busy) return;
    busy = true;
    void (async () => {
      while (again) {
        again = false;
        await fetch().catch(lose);
      }
      busy = false;
    })();
  };
  const watcher = watchFile(path, wake);

  const post = (id: string, command: string, args: readonly unknown[]) =>
    withLock(lock, () => {
      const entries = { ...readEntries(path, maxMessageBytes, undefined), [id]: { command, args } };
      const { length } = JSON.stringify(entries);
      // The next reader would move all of it aside, and everybody's commands with it.
      if (length > maxMessageBytes)
        throw new ProtocolError(`${path} would have ${String(length)} bytes; ${String(maxMessageBytes)} are allowed`);
      writeEntries(path, entries);
    });
  const takingBack = new Set<Promise<void>>();
  const takeBack = (id: string) => {
    const done = withLock(lock, () => {
      const entries = readEntries(path, maxMessageBytes, undefined);
      delete entries[id];
      writeEntries(path, entries);
    })
      .catch(() => undefined)
      .finally(() => takingBack.delete(done));
    takingBack.add(done);
  };

  return {
    request(method, params, cancellation) {
      const id = randomUUID();
      return new Promise<unknown>((resolve, reject) => {
        cancellation.onAbort = (reason) => {
          if (!pending.delete(id)) return;
          takeBack(id);
          reject(reason);
        };
        pending.set(id, { resolve, reject });
        post(id, method, params).then(wake, (error: unknown) => {
          pending.delete(id);
          reject(error);
        });
      });
    },
    subscribe: () => Promise.reject(new UnsupportedError("A shared file has no events")),
    closed: closed.promise,
    async close() {
      watcher.close();
      for (const id of pending.keys()) takeBack(id);
      lose();
      await Promise.all(takingBack);
      closed.resolve();
    },
  };
}
