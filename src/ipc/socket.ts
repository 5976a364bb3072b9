import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { join } from "node:path";

import { UsageError } from "../errors.ts";
import {
  can,
  type Connection,
  type ConnectOptions,
  defaultLimits,
  type Endpoint,
  type IpcEvent,
  type Limits,
  type Listener,
  type ListenOptions,
  ProtocolError,
  type Transport,
  UnreachableError,
  WrongKeyError,
} from "./contract.ts";
import { type Address, addressOf, bindServer, nameOf } from "./address.ts";
import { dial, type Dialled } from "./dial.ts";
import { createClientHandshake, createServerHandshake, type Handshake, handshakeBytes } from "./handshake.ts";
import { peerOf, strangerFault } from "./peer.ts";
import {
  createPythonClientHandshake,
  createPythonClientSession,
  createPythonServerHandshake,
  createPythonServerSession,
} from "./python.ts";
import { type ClientSession, createClientSession, createServerSession, type ServerSession } from "./session.ts";
import { carryFrames } from "./stream.ts";
import { turn } from "./turn.ts";

/** How long a stopping server waits for clients to read their replies, in milliseconds. */
const graceMs = 5000;

/**
 * Unix socket (a named pipe on Windows) or TCP: length-prefixed frames, mutual HMAC-SHA256 where there is a key.
 * `--protocol python` speaks the protocol of Python's multiprocessing.connection instead.
 */
export const socket: Transport = {
  name: "socket",
  summary: "unix socket or TCP, length-framed, both sides prove the key",
  caps: can("request", "publish", "stream", "payload", "ordered", "reliable", "auth", "crossPlatform"),
  available: () => Promise.resolve({ ready: true }),
  listen,
  connect,
};

function whereOf(endpoint: Endpoint, key: Buffer | undefined): Address {
  const { folder, path, protocol } = endpoint;
  if (protocol !== undefined && protocol !== "python") {
    throw new UsageError(`socket has no protocol "${protocol}"`, { hint: "There is --protocol python" });
  }
  return addressOf(endpoint, key, path ?? join(folder, `${protocol ?? "socket"}.sock`));
}

async function listen(options: ListenOptions): Promise<Listener> {
  const { endpoint, key } = options;
  const limits: Limits = { ...defaultLimits, ...options.limits };
  const address = whereOf(endpoint, key);
  const clients = new Set<ServedClient>();
  const server = createServer({ allowHalfOpen: true, noDelay: true });
  server.maxConnections = limits.maxConnections;
  server.on("connection", (socket) => {
    const client = serveClient(socket, limits, options);
    if (client === undefined) return;
    clients.add(client);
    socket.on("close", () => clients.delete(client));
  });
  const bound = await bindServer(server, address, { backlog: limits.maxConnections });
  return {
    address: bound.name,
    publish(event) {
      for (const client of clients) client.publish(event);
    },
    async close() {
      await turn();
      const closed = once(server, "close");
      server.close();
      for (const client of clients) client.bye();
      const late = setTimeout(() => {
        for (const client of clients) client.destroy();
      }, graceMs);
      await closed;
      clearTimeout(late);
      bound.release();
    },
  };
}

type ServedClient = { publish(event: IpcEvent): void; bye(): void; destroy(): void };

function serveClient(
  socket: Socket,
  limits: Limits,
  { endpoint, key, answer, replay, onFault }: ListenOptions,
): ServedClient | undefined {
  const python = endpoint.protocol === "python";
  socket.on("error", (error) => onFault?.(error));
  const peer = peerOf(socket);
  const stranger = strangerFault(peer);
  if (stranger !== undefined) {
    onFault?.(stranger);
    socket.destroy();
    return undefined;
  }
  let session: ServerSession | undefined;
  let leaving = false;
  const finish = () => {
    if (!leaving || (session?.active ?? 0) > 0) return;
    wire.flush();
    socket.end();
  };
  const wire = carryFrames(socket, {
    handshake: key === undefined ? undefined : (python ? createPythonServerHandshake : createServerHandshake)(key),
    limits,
    onFault: (fault) => onFault?.(fault),
    onOpen(link) {
      const create = python ? createPythonServerSession : createServerSession;
      session = create(link, { answer, replay, peer, onIdle: finish });
      return session.receive;
    },
  });
  socket
    .on("data", wire.push)
    .on("end", () => {
      // It ended on purpose: nobody waits for what is still running.
      leaving = true;
      session?.lost();
      finish();
    })
    .on("close", () => session?.lost());
  return {
    publish(event) {
      session?.publish(event);
      if (session?.subscribed !== true || socket.writableLength <= limits.maxQueuedBytes) return;
      onFault?.(new ProtocolError(`A watcher did not read ${String(socket.writableLength)} bytes and was dropped`));
      socket.destroy();
    },
    bye() {
      if (session === undefined) {
        socket.destroy();
        return;
      }
      session.bye();
      // A Python client knows no farewell: it is closed as soon as nothing is owed to it.
      // The turn is for the call that told the server to stop: it is answered when this returns.
      leaving ||= python;
      setImmediate(finish);
    },
    destroy: () => socket.destroy(),
  };
}

async function connect({ endpoint, key, limits: given, signal }: ConnectOptions): Promise<Connection> {
  const limits: Limits = { ...defaultLimits, ...given };
  const address = whereOf(endpoint, key);
  const python = endpoint.protocol === "python";
  const dialled = await reach(address, signal);
  const { socket } = dialled;
  let session: ClientSession | undefined;
  let fault: Error | undefined;
  const closed = new Promise<void>((resolve) => {
    socket
      .on("error", (error) => (fault ??= error))
      .on("close", () => {
        session?.lost(fault);
        resolve();
      });
  });
  const leave = () => {
    wire.flush();
    socket.end();
  };
  const opened = Promise.withResolvers<void>();
  const wire = carryFrames(socket, {
    handshake: clientHandshake(python, key),
    limits,
    onFault(error) {
      // The first thing said by a server that has a key is a challenge, and no message.
      const isChallenge = key === undefined && socket.bytesRead <= handshakeBytes;
      fault ??= isChallenge ? wantsKey(error) : error;
    },
    onOpen(link) {
      const create = python ? createPythonClientSession : createClientSession;
      session = create(link, { onDrained: leave });
      opened.resolve();
      return session.receive;
    },
  });
  dialled.onBytes = wire.push;
  await Promise.race([opened.promise, closed]);
  if (session === undefined) {
    throw (
      fault ??
      new WrongKeyError("The server closed the connection during the handshake", {
        hint: "Do both sides have the same --key-file?",
      })
    );
  }
  const { request, subscribe } = session;
  return {
    request,
    subscribe,
    closed,
    async close() {
      leave();
      const late = setTimeout(() => socket.destroy(), graceMs);
      await closed;
      clearTimeout(late);
    },
  };
}

function wantsKey(cause: Error): WrongKeyError {
  return new WrongKeyError("The server wants a key", { cause, hint: "Give both sides the same --key-file" });
}

function clientHandshake(python: boolean, key: Buffer | undefined): Handshake | undefined {
  if (key === undefined) return undefined;
  return python ? createPythonClientHandshake(key) : createClientHandshake(key);
}

async function reach(address: Address, signal: AbortSignal | undefined): Promise<Dialled> {
  const dialled = dial("path" in address ? address : { ...address, noDelay: true });
  const { socket } = dialled;
  try {
    await once(socket, "connect", signal === undefined ? {} : { signal });
    return dialled;
  } catch (error) {
    socket.destroy();
    throw new UnreachableError(`Nobody answers at ${nameOf(address)}`, {
      cause: error,
      hint: "Start a server: npx hardhat ipc serve --transport socket",
    });
  }
}
