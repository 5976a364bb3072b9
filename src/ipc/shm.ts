import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";

import { z } from "zod";

import { writeFileAtomically } from "../files.ts";
import {
  type Availability,
  can,
  type Connection,
  type ConnectOptions,
  defaultLimits,
  DisconnectedError,
  type Endpoint,
  EndpointBusyError,
  type Listener,
  type ListenOptions,
  ProtocolError,
  type Transport,
  UnreachableError,
} from "./contract.ts";
import { awaitDoorbell, serveDoorbell } from "./doorbell.ts";
import { createFrameReader, headerBytes } from "./frames.ts";
import { connectLines, listenLines } from "./lines.ts";
import { withLock } from "./lock.ts";
import { createSharedMemory, hasSharedMemory, openSharedMemory, type SharedMemory } from "./memory.ts";
import { Clients } from "./clients.ts";
import { encodeMessage, kinds } from "./messages.ts";
import { own } from "./own.ts";
import { isAlive } from "./process.ts";
import { createRing } from "./ring.ts";
import { isServed } from "./served.ts";
import { createClientSession, createServerSession, type ServerSession } from "./session.ts";
import { createRingWriter, memoryBytes, ringBytes, serverBell, slotCount, slotOf, slotWord } from "./shm-slots.ts";

const graceMs = 5000;

/**
 * Shared memory: a sealed memfd with a ring each way for every client, and futexes as doorbells.
 * `--protocol lines` shares a file instead, which programs that mmap it read and write as lines of text.
 */
export const shm: Transport = {
  name: "shm",
  summary: "sealed shared memory with futexes, or lines in a mapped file",
  caps: can("request", "publish", "stream", "payload", "ordered", "reliable", "needsFile"),
  available,
  listen: (options) => (options.endpoint.protocol === "lines" ? listenLines(options) : listen(options)),
  connect: (options) => (options.endpoint.protocol === "lines" ? connectLines(options) : connect(options)),
};

function available(): Promise<Availability> {
  if (hasSharedMemory) return Promise.resolve({ ready: true });
  return Promise.resolve({
    ready: false,
    reason: `Sealed memory (memfd_create) and futexes are Linux's; this is ${process.platform} ${process.arch}. Use --transport socket`,
  });
}

const pathOf = ({ folder, path }: Endpoint) => path ?? join(folder, "shm.json");

const cardSchema = z.object({ pid: z.int().positive(), fd: z.int().nonnegative() });

type Client = {
  readonly pid: number;
  readonly session: ServerSession;
  /** `true` when there was something to do. */
  work(): boolean;
  drop(): void;
};

async function listen({ endpoint, limits: given, answer, replay, onFault }: ListenOptions): Promise<Listener> {
  const limits = { ...defaultLimits, ...given };
  const path = pathOf(endpoint);
  const ownership = own(path);
  const memory = createSharedMemory(memoryBytes);
  const clients = new Clients<number, Client>();
  let closing = false;

  const open = (slot: number, pid: number): Client => {
    const place = slotOf(slot);
    const calls = createRing(memory, place.calls);
    const writer = createRingWriter(memory, createRing(memory, place.replies), place.bell, limits.maxQueuedBytes);
    /** A late reply or an event comes outside of `work`: what it cannot be written into is given up here. */
    const send = (message: Buffer) => {
      try {
        writer.send(message);
      } catch (error) {
        fail(slot, error);
      }
    };
    const session = createServerSession({ room: headerBytes, send }, { answer, replay, peer: { pid } });
    const reader = createFrameReader({
      cap: () => limits.maxMessageBytes,
      onFrame(message) {
        if (message[0] === kinds.bye) leaving = true;
        else session.receive(message);
      },
    });
    let leaving = false;
    const client: Client = {
      pid,
      session,
      work() {
        const moved = writer.flush();
        // A client that does not read its replies is not read from.
        const data = writer.idle() ? calls.read() : undefined;
        if (data === undefined) return moved;
        if (data.length === ringBytes) writer.ringBell();
        reader.push(data);
        if (leaving) drop(slot);
        return true;
      },
      drop() {
        session.lost();
        writer.drop();
        for (const index of [place.calls.written, place.calls.read, place.replies.written, place.replies.read]) {
          Atomics.store(memory.words, index, 0);
        }
        Atomics.store(memory.words, place.owner, 0);
        writer.ringBell();
      },
    };
    clients.set(slot, client);
    if (closing) session.bye();
    return client;
  };

  const drop = (slot: number) => {
    const client = clients.get(slot);
    clients.delete(slot);
    client?.drop();
  };

  const fail = (slot: number, error: unknown) => {
    drop(slot);
    onFault?.(error instanceof Error ? error : new ProtocolError(String(error)));
  };

  const work = (): boolean => {
    let worked = false;
    for (let slot = 0; slot < slotCount; slot += 1) {
      const pid = Atomics.load(memory.words, slotWord(slot));
      if (pid <= 0) continue;
      try {
        const client = clients.get(slot) ?? open(slot, pid);
        worked = client.work() || worked;
      } catch (error) {
        fail(slot, error);
      }
    }
    return worked;
  };

  const bell = serveDoorbell(memory, {
    index: serverBell,
    work,
    quiet() {
      for (const [slot, { pid }] of clients) if (!isAlive(pid)) drop(slot);
    },
  });
  let closed: Promise<void> | undefined;
  const close = async () => {
    rmSync(path, { force: true });
    // Whoever is taking a place has it now, and what was written into the memory is read.
    await withLock(`${path}.slots.lock`, () => undefined, { signal: AbortSignal.timeout(graceMs) }).catch(onFault);
    work();
    closing = true;
    for (const { session } of clients.values()) session.bye();
    await clients.left(graceMs);
    await bell.stop();
    for (const slot of clients.keys()) drop(slot);
    memory.close();
    ownership.release();
  };
  await writeFileAtomically(path, JSON.stringify({ pid: process.pid, fd: memory.fd }), { mode: 0o600 });
  return {
    address: path,
    publish(event) {
      for (const { session } of clients.values()) session.publish(event);
    },
    close: () => (closed ??= close()),
  };
}

async function connect({ endpoint, limits: given, signal }: ConnectOptions): Promise<Connection> {
  const limits = { ...defaultLimits, ...given };
  const path = pathOf(endpoint);
  const { memory, slot } = await claim(path, signal);
  const place = slotOf(slot);
  const replies = createRing(memory, place.replies);
  const writer = createRingWriter(memory, createRing(memory, place.calls), serverBell, limits.maxQueuedBytes);
  let over: Promise<void> | undefined;
  const closed = Promise.withResolvers<void>();

  const finish = (cause?: unknown) => {
    over ??= (async () => {
      session.lost(cause);
      await bell.stop();
      memory.close();
      closed.resolve();
    })();
  };
  const leave = () => {
    if (over !== undefined) return;
    writer.send(encodeMessage(kinds.bye, 0, null, headerBytes));
    finish();
  };
  const session = createClientSession(
    {
      room: headerBytes,
      send(message) {
        writer.send(message);
        bell.pump();
      },
    },
    { onDrained: leave },
  );
  const reader = createFrameReader({ cap: () => limits.maxMessageBytes, onFrame: session.receive });
  const bell = awaitDoorbell(memory, {
    index: place.bell,
    waits: () => session.pending > 0,
    work() {
      if (over !== undefined) return false;
      try {
        const moved = writer.flush();
        if (Atomics.load(memory.words, place.owner) !== process.pid) {
          finish(new DisconnectedError("The server gave this place to nobody"));
          return false;
        }
        const data = replies.read();
        if (data === undefined) return moved;
        if (data.length === ringBytes) writer.ringBell();
        reader.push(data);
        return true;
      } catch (error) {
        finish(error);
        return false;
      }
    },
    quiet() {
      if (over === undefined && !isServed(path)) finish(new DisconnectedError("The server went away"));
    },
  });
  return {
    request: session.request,
    subscribe: session.subscribe,
    closed: closed.promise,
    async close() {
      leave();
      await closed.promise;
    },
  };
}

/** Opens the server's memory and takes a free slot of it; the lock keeps two clients from the same one. */
async function claim(path: string, signal: AbortSignal | undefined) {
  if (!isServed(path)) throw unreachable(path);
  return withLock(
    `${path}.slots.lock`,
    () => {
      const memory = openServed(path);
      const slot = Array.from({ length: slotCount }, (_, index) => index).find(
        (index) => Atomics.load(memory.words, slotWord(index)) === 0,
      );
      if (slot === undefined) {
        memory.close();
        throw new EndpointBusyError(`All ${String(slotCount)} places of ${path} are taken`);
      }
      Atomics.store(memory.words, slotWord(slot), process.pid);
      return { memory, slot };
    },
    { signal },
  );
}

function openServed(path: string): SharedMemory {
  try {
    const { pid, fd } = cardSchema.parse(JSON.parse(readFileSync(path, "utf8")));
    return openSharedMemory(pid, fd);
  } catch (error) {
    throw unreachable(path, error);
  }
}

function unreachable(path: string, cause?: unknown): UnreachableError {
  return new UnreachableError(`Nobody serves ${path}`, {
    cause,
    hint: "Start a server: npx hardhat ipc serve --transport shm",
  });
}
