import { randomBytes } from "node:crypto";
import { constants, rmSync } from "node:fs";
import { join } from "node:path";

import {
  type Availability,
  can,
  type Connection,
  type ConnectOptions,
  defaultLimits,
  DisconnectedError,
  type Endpoint,
  type Listener,
  type ListenOptions,
  ProtocolError,
  type Transport,
} from "./contract.ts";
import { createFifoReader, fifoHeaderBytes, sealFifoFrame } from "./fifo-frames.ts";
import { createFifoWriter, makeFifo, openWhenRead, readFifo, removeStaleReplies } from "./fifo-pipe.ts";
import { Clients } from "./clients.ts";
import { encodeMessage, kinds } from "./messages.ts";
import { own } from "./own.ts";
import { createClientSession, createServerSession, type ServerSession } from "./session.ts";
import { turn } from "./turn.ts";

/** First byte of a body that is one of our messages, not the tutorial's bare text. */
const ours = 0x01;
/** After it comes the name of the client's reply FIFO, this many characters. */
const nameLength = 24;
const graceMs = 5000;
/** A frame whose rest has not come for so long belongs to a writer that died, in milliseconds. */
const partialMs = 1000;

/**
 * A named pipe, framed X + four digits + body. Bare text is converted and printed, as in the tutorial;
 * our own client sends messages and names a second FIFO for the replies.
 */
export const fifo: Transport = {
  name: "fifo",
  summary: "named pipe; a second one for each client's replies",
  caps: can("request", "publish", "stream", "payload", "ordered", "reliable", "needsFile"),
  available,
  listen,
  connect,
};

function available(): Promise<Availability> {
  if (process.platform !== "win32") return Promise.resolve({ ready: true });
  return Promise.resolve({ ready: false, reason: "Windows has no FIFOs; use --transport socket" });
}

const pathOf = ({ folder, path }: Endpoint) => path ?? join(folder, "fifo");

type Client = { readonly session: ServerSession; drop(): void };

function listen(options: ListenOptions): Promise<Listener> {
  const { endpoint, answer, replay, onFault } = options;
  const limits = { ...defaultLimits, ...options.limits };
  const path = pathOf(endpoint);
  const ownership = own(path);
  const clients = new Clients<string, Client>();
  let closing = false;

  const drop = (name: string) => {
    const client = clients.get(name);
    clients.delete(name);
    client?.drop();
  };

  const open = (name: string): Client => {
    if (clients.size >= limits.maxConnections) throw new ProtocolError("Too many clients");
    const replyPath = `${path}.${name}.reply`;
    const writer = createFifoWriter(replyPath, limits.maxQueuedBytes, () => {
      rmSync(replyPath, { force: true });
      drop(name);
    });
    const send = (message: Buffer) => {
      try {
        writer.send(sealFifoFrame(message));
      } catch (error) {
        const { message: text } = error instanceof Error ? error : new ProtocolError("Too long");
        const id = message.readUInt32BE(fifoHeaderBytes + 1);
        writer.send(
          sealFifoFrame(encodeMessage(kinds.error, id, { code: "PROTOCOL", message: text }, fifoHeaderBytes)),
        );
      }
    };
    const session = createServerSession({ room: fifoHeaderBytes, send }, { answer, replay, peer: {} });
    const client: Client = {
      session,
      drop() {
        session.lost();
        writer.close();
      },
    };
    clients.set(name, client);
    if (closing) session.bye();
    return client;
  };

  const receive = (body: Buffer) => {
    const name = body.toString("latin1", 1, 1 + nameLength);
    if (!/^[0-9a-f.]{24}$/u.test(name)) throw new ProtocolError("Out of sync! A message names no reply FIFO");
    const message = body.subarray(1 + nameLength);
    if (message[0] === kinds.bye) drop(name);
    else (clients.get(name) ?? open(name)).session.receive(message);
  };

  const reader = createFifoReader({
    onFault: (fault) => onFault?.(fault),
    onBody(body) {
      try {
        if (body[0] === ours) receive(body);
        else void convert(body.toString("utf8"), options);
      } catch (error) {
        onFault?.(error instanceof Error ? error : new ProtocolError(String(error)));
      }
    },
  });
  let partial: NodeJS.Timeout | undefined;
  const giveUp = () => {
    partial = undefined;
    reader.skipPartial();
  };
  try {
    makeFifo(path);
    removeStaleReplies(path);
  } catch (error) {
    ownership.release();
    throw error;
  }
  // O_RDWR: the FIFO never ends, however many writers come and go.
  const socket = readFifo(path, constants.O_RDWR, (chunk) => {
    const { partial: unfinished, progress } = reader.push(chunk);
    if (!unfinished || progress) {
      clearTimeout(partial);
      partial = undefined;
    }
    if (unfinished) partial ??= setTimeout(giveUp, partialMs);
  });

  return Promise.resolve({
    address: path,
    publish(event) {
      for (const { session } of clients.values()) session.publish(event);
    },
    async close() {
      rmSync(path, { force: true });
      await turn();
      closing = true;
      for (const { session } of clients.values()) session.bye();
      await clients.left(graceMs);
      for (const name of clients.keys()) drop(name);
      clearTimeout(partial);
      socket.destroy();
      ownership.release();
    },
  });
}

/** The tutorial's writer sends text and expects no reply: the server's own line shows the result. */
async function convert(text: string, { answer, onFault }: ListenOptions): Promise<void> {
  try {
    await answer({ method: "convert", params: [text], peer: {}, signal: new AbortController().signal });
  } catch (error) {
    onFault?.(error instanceof Error ? error : new ProtocolError(String(error)));
  }
}

async function connect({ endpoint, limits: given, signal }: ConnectOptions): Promise<Connection> {
  const limits = { ...defaultLimits, ...given };
  const path = pathOf(endpoint);
  const name = `${process.pid.toString(16).padStart(8, "0")}.${randomBytes(8).toString("hex").slice(1)}`;
  const replyPath = `${path}.${name}.reply`;
  const closed = Promise.withResolvers<void>();
  let over = false;
  const finish = (cause?: unknown) => {
    if (over) return;
    over = true;
    session.lost(cause);
    writer.close();
    socket.destroy();
    rmSync(replyPath, { force: true });
    closed.resolve();
  };
  const writer = await openWhenRead(path, () => createFifoWriter(path, limits.maxQueuedBytes, finish), signal);
  const room = fifoHeaderBytes + 1 + nameLength;
  const send = (message: Buffer) => {
    message[fifoHeaderBytes] = ours;
    message.write(name, fifoHeaderBytes + 1, "latin1");
    writer.send(sealFifoFrame(message));
  };
  const leave = () => {
    if (!over) send(encodeMessage(kinds.bye, 0, null, room));
    finish();
  };
  const session = createClientSession({ room, send }, { onDrained: leave });
  const reader = createFifoReader({ onBody: session.receive, onFault: finish });
  makeFifo(replyPath);
  // O_RDONLY: when the server dies its end closes, and this one sees it.
  const socket = readFifo(replyPath, constants.O_RDONLY, (chunk) => {
    try {
      reader.push(chunk);
    } catch (error) {
      finish(error);
    }
  });
  socket.on("close", () => {
    finish(new DisconnectedError("The server closed the reply FIFO"));
  });
  const { request, subscribe } = session;
  return {
    request,
    subscribe,
    closed: closed.promise,
    async close() {
      leave();
      await closed.promise;
    },
  };
}
