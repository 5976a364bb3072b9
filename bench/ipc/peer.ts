// One end of a measured pair: node peer.ts (server|client) KIND PATH. A client answers "rtt N" and "pipe N" with JSON;
// a server answers "cpu" with the microseconds it has used. 64 bytes there and back.
import { once } from "node:events";
import { constants, openSync, writeSync } from "node:fs";
import { createRequire } from "node:module";
import { connect, createServer } from "node:net";
import { createInterface } from "node:readline";

import { dial } from "../../src/ipc/dial.ts";
import { serveDoorbell } from "../../src/ipc/doorbell.ts";
import { createFifoReader, fifoHeaderBytes, sealFifoFrame } from "../../src/ipc/fifo-frames.ts";
import { readFifo as readPipe } from "../../src/ipc/fifo-pipe.ts";
import { headerBytes } from "../../src/ipc/frames.ts";
import { checked, native } from "../../src/ipc/libc.ts";
import { createSharedMemory, openSharedMemory } from "../../src/ipc/memory.ts";
import { defaultLimits } from "../../src/ipc/contract.ts";
import { createRing } from "../../src/ipc/ring.ts";
import type { Link } from "../../src/ipc/session.ts";
import { carryFrames } from "../../src/ipc/stream.ts";

const [, , role = "", kind = "", path = ""] = process.argv;
const body = Buffer.alloc(64, "x");

/** Sends one message; the callback runs once for each that came back. */
type Client = { readonly send: () => void; onReply: () => void };

/** What node-ipc needs to know; guarded as anyone would who serves others: sizes, retries and logs bounded. */
type NodeIpc = {
  config: Record<string, unknown>;
  serve(path: string, ready: () => void): void;
  connectTo(id: string, path: string, ready: () => void): void;
  of: Record<
    string,
    { on(event: string, heard: (data: unknown) => void): void; emit(event: string, data: unknown): void }
  >;
  server: {
    start(): void;
    on(event: string, heard: (data: unknown, socket: unknown) => void): void;
    emit(socket: unknown, event: string, data: unknown): void;
  };
};

const servers: Readonly<Record<string, () => Promise<void>>> = {
  async raw() {
    // Each message is answered by itself, as a server that looks at them has to.
    const server = createServer((socket) => {
      let rest = Buffer.alloc(0);
      socket.on("data", (chunk: Buffer) => {
        const data = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
        let at = 0;
        for (; at + body.length <= data.length; at += body.length) socket.write(data.subarray(at, at + body.length));
        rest = Buffer.from(data.subarray(at));
      });
    });
    await once(server.listen(path), "listening");
  },
  async frames() {
    const server = createServer((socket) => {
      const wire = carryFrames(socket, {
        limits: defaultLimits,
        onFault: fail,
        onOpen: (link) => (message) => {
          link.send(withRoom(link, message));
        },
      });
      socket.on("data", wire.push);
    });
    await once(server.listen(path), "listening");
  },
  async fifo() {
    for (const each of [path, `${path}.back`])
      checked("mkfifo", native("int mkfifo(const char*, unsigned int)")(each, 0o600));
    const out = openSync(`${path}.back`, constants.O_RDWR | constants.O_NONBLOCK);
    readFifo(path, (message) => writeSync(out, fifoFrame(message)));
  },
  async shm() {
    const memory = createSharedMemory(1 << 20);
    const calls = createRing(memory, { written: 32, read: 48, start: 4096, size: 65_536 });
    const replies = createRing(memory, { written: 64, read: 80, start: 4096 + 65_536, size: 65_536 });
    serveDoorbell(memory, {
      index: 0,
      quiet: () => undefined,
      work() {
        const data = calls.read();
        if (data === undefined) return false;
        replies.write(data);
        Atomics.add(memory.words, 16, 1);
        memory.wake(16);
        return true;
      },
    });
    const { writeFileSync } = await import("node:fs");
    writeFileSync(path, `${String(process.pid)} ${String(memory.fd)}`);
  },
  async "node-ipc"() {
    const ipc = await loadNodeIpc();
    await new Promise<void>((resolve) => {
      ipc.serve(path, () => {
        ipc.server.on("echo", (data, socket) => {
          if (typeof data === "string" && data.length <= 1_000_000) ipc.server.emit(socket, "echo", data);
        });
        resolve();
      });
      ipc.server.start();
    });
  },
};

const clients: Readonly<Record<string, () => Promise<Client>>> = {
  async raw() {
    const socket = connect(path);
    await once(socket, "connect");
    let bytes = 0;
    const client: Client = { send: () => socket.write(body), onReply: () => undefined };
    socket.on("data", (data: Buffer) => {
      for (bytes += data.length; bytes >= body.length; bytes -= body.length) client.onReply();
    });
    return client;
  },
  async frames() {
    const dialled = dial({ path });
    await once(dialled.socket, "connect");
    const client: Client = { send: () => undefined, onReply: () => undefined };
    const wire = carryFrames(dialled.socket, {
      limits: defaultLimits,
      onFault: fail,
      onOpen(link) {
        Object.assign(client, { send: () => link.send(withRoom(link, body)) });
        return () => client.onReply();
      },
    });
    dialled.onBytes = wire.push;
    return client;
  },
  async fifo() {
    const out = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
    const client: Client = { send: () => writeSync(out, fifoFrame(body)), onReply: () => undefined };
    readFifo(`${path}.back`, () => client.onReply());
    return client;
  },
  async "node-ipc"() {
    const ipc = await loadNodeIpc();
    const client: Client = { send: () => ipc.of["peer"]?.emit("echo", body.toString()), onReply: () => undefined };
    await new Promise<void>((resolve) => {
      ipc.connectTo("peer", path, () => {
        ipc.of["peer"]?.on("echo", () => client.onReply());
        ipc.of["peer"]?.on("connect", () => resolve());
      });
    });
    return client;
  },
};

if (role === "server") {
  await servers[kind]?.();
  process.stdout.write("ready\n");
  answerLines((verb) => (verb === "cpu" ? cpu() : 0));
} else if (kind === "shm") await runSharedMemory();
else {
  const client = await clients[kind]?.();
  if (client === undefined) throw new Error(`There is no ${kind}`);
  process.stdout.write("ready\n");
  answerLines((verb, count) => (verb === "cpu" ? cpu() : exchange(client, verb === "rtt" ? 1 : 100, count)));
}

/** Microseconds a message while at most `window` are on their way; sent in groups, as callers do. */
async function exchange(client: Client, window: number, count: number): Promise<number> {
  const started = process.hrtime.bigint();
  for (let done = 0; done < count; done += window) {
    await new Promise<void>((resolve) => {
      let left = window;
      client.onReply = () => {
        left -= 1;
        if (left === 0) resolve();
      };
      for (let index = 0; index < window; index += 1) client.send();
    });
  }
  return Number(process.hrtime.bigint() - started) / 1000 / count;
}

/** Bytes alone: the client waits in its own thread, as the C program does. */
async function runSharedMemory(): Promise<void> {
  const { readFileSync } = await import("node:fs");
  const [pid, fd] = readFileSync(path, "utf8").split(" ").map(Number);
  const memory = openSharedMemory(pid ?? 0, fd ?? 0);
  const calls = createRing(memory, { written: 32, read: 48, start: 4096, size: 65_536 });
  const replies = createRing(memory, { written: 64, read: 80, start: 4096 + 65_536, size: 65_536 });
  process.stdout.write("ready\n");
  answerLines((verb, count) => {
    if (verb === "cpu") return cpu();
    const window = verb === "rtt" ? 1 : 100;
    const started = process.hrtime.bigint();
    for (let done = 0; done < count; done += window) {
      for (let index = 0; index < window; index += 1) calls.write(body);
      Atomics.add(memory.words, 0, 1);
      memory.wake(0);
      for (let bytes = 0; bytes < window * body.length;) {
        const seen = Atomics.load(memory.words, 16);
        const data = replies.read();
        if (data === undefined) memory.wait(16, seen, 10_000);
        else bytes += data.length;
      }
    }
    return Number(process.hrtime.bigint() - started) / 1000 / count;
  });
}

function withRoom(link: Link, message: Buffer): Buffer {
  const bytes = Buffer.allocUnsafe(link.room + message.length);
  bytes.set(message, headerBytes);
  return bytes;
}

function fifoFrame(message: Buffer): Buffer {
  const bytes = Buffer.allocUnsafe(fifoHeaderBytes + message.length);
  bytes.set(message, fifoHeaderBytes);
  return sealFifoFrame(bytes);
}

function readFifo(name: string, onBody: (message: Buffer) => void): void {
  const reader = createFifoReader({ onBody, onFault: fail });
  readPipe(name, constants.O_RDWR, (chunk) => reader.push(chunk));
}

async function loadNodeIpc(): Promise<NodeIpc> {
  const folder = process.env["PEERS"] ?? "";
  const entry = createRequire(`${folder}/package.json`).resolve("node-ipc");
  const module = (await import(entry)) as { default: NodeIpc & { default?: NodeIpc } };
  const ipc = module.default.default ?? module.default;
  Object.assign(ipc.config, { silent: true, retry: 100, maxRetries: 10, stopRetrying: false });
  return ipc;
}

function answerLines(answer: (verb: string, count: number) => number | Promise<number>): void {
  createInterface({ input: process.stdin })
    .on("line", (line) => {
      const [verb = "", count] = line.split(" ");
      void Promise.resolve(answer(verb, Number(count))).then((value) =>
        process.stdout.write(`${JSON.stringify(value)}\n`),
      );
    })
    .on("close", () => process.exit(0));
}

function cpu(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

function fail(fault: Error): never {
  throw fault;
}
