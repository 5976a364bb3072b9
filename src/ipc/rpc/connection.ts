import type { Duplex } from "node:stream";

import { defaultLimits, ProtocolError } from "../contract.ts";
import { answer, errorCodes, type Dispatch } from "./jsonrpc.ts";
import { createSplitter } from "./split.ts";

/** What a JSON-RPC connection may use, and what carries out its methods. */
export type ConnectionOptions = {
  /** The methods as this connection may use them; `notify` sends it a notification, dropped once it is closed; who does not read them is hung up on. */
  readonly methodsFor: (notify: Notify) => Dispatch;
  /** Largest request, in bytes. */
  readonly capBytes: number;
  /** Requests answered at the same time on one connection; the socket is not read while that many wait. */
  readonly concurrency?: number;
};

export type Notify = (method: string, params: unknown) => void;

/** The server's side of one JSON-RPC connection. */
export type Connection = {
  /** Reads no more requests, answers those that were read, then closes. */
  drain(): Promise<void>;
};

/**
 * Answers JSON-RPC 2.0 requests and batches on a stream, each document undelimited or ended by a newline.
 *
 * Replies of one tick leave in one write. While the peer does not read, or `concurrency` requests are being answered,
 * nothing more is read from it, so a fast writer cannot fill this process's memory.
 */
export function serveConnection(
  socket: Duplex,
  { methodsFor, capBytes, concurrency = 64 }: ConnectionOptions,
): Connection {
  const splitter = createSplitter({ capBytes });
  const out = coalesce(socket, () => next());
  const notify: Notify = (method, params) => {
    out.send(JSON.stringify({ jsonrpc: "2.0", method, params }));
    // Nobody waits for these: for a peer who never reads they would gather without end.
    if (socket.writableLength > defaultLimits.maxQueuedBytes) socket.destroy();
  };
  const dispatch = methodsFor(notify);
  const waiting: string[] = [];
  const drained = Promise.withResolvers<void>();
  let answering = 0;
  let draining = false;

  socket.on("data", (chunk: Buffer) => {
    if (draining) return;
    try {
      waiting.push(...splitter.push(chunk));
    } catch (error) {
      if (error instanceof ProtocolError) refuse(error.message);
      else socket.destroy();
    }
    next();
  });
  socket.on("end", () => void drain());
  // A peer that resets its side is no failure of ours; "close" follows.
  socket.on("error", () => socket.destroy());
  socket.on("close", () => {
    waiting.length = 0;
    drained.resolve();
  });

  function next(): void {
    while (answering < concurrency && !out.full()) {
      const document = waiting.shift();
      if (document === undefined) break;
      const reply = answer(document, dispatch);
      if (reply instanceof Promise) void sendLater(reply);
      else if (reply !== undefined) out.send(reply);
    }
    if (waiting.length > 0 || out.full()) socket.pause();
    else if (draining && answering === 0) finish();
    else if (!draining) socket.resume();
  }

  async function sendLater(reply: Promise<string | undefined>): Promise<void> {
    answering++;
    const text = await reply;
    answering--;
    if (text !== undefined) out.send(text);
    next();
  }

  /** The stream is out of step for good: say so once, after the replies that are owed. */
  function refuse(message: string): void {
    draining = true;
    socket.pause();
    out.send(JSON.stringify({ jsonrpc: "2.0", id: null, error: { code: errorCodes.parse, message } }));
  }

  function finish(): void {
    out.flush();
    socket.end(() => socket.destroy());
  }

  async function drain(): Promise<void> {
    draining = true;
    next();
    await drained.promise;
  }

  return { drain };
}

/** Collects the lines of one tick into one write, and knows whether the peer keeps up. */
export function coalesce(
  socket: Duplex,
  onDrain: () => void,
): { send(line: string): void; flush(): void; full(): boolean } {
  let lines: string[] = [];
  let full = false;
  const flush = () => {
    if (lines.length === 0) return;
    const text = `${lines.join("\n")}\n`;
    lines = [];
    if (socket.writable) full = !socket.write(text);
  };
  socket.on("drain", () => {
    full = false;
    onDrain();
  });
  return {
    send(line) {
      if (lines.push(line) === 1) process.nextTick(flush);
    },
    flush,
    full: () => full,
  };
}
