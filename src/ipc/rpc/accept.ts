import type { Socket } from "node:net";

import { serveConnection, type Connection, type Notify } from "./connection.ts";
import { createHttpAcceptor } from "./http.ts";
import { answer, type Dispatch } from "./jsonrpc.ts";

/** One caller, of however many requests. */
export type Caller = {
  /** Sends a notification; `undefined` where the protocol has no way back, as HTTP. */
  readonly notify: Notify | undefined;
  /** Aborts when the caller has gone. */
  readonly signal: AbortSignal;
};

type JsonRpcOptions = {
  /** The methods as `caller` may use them, made once a connection. */
  readonly methodsFor: (caller: Caller, socket: Socket) => Dispatch;
  readonly capBytes: number;
};

export type JsonRpcAcceptor = {
  /** Serves a connection: bare JSON-RPC, or HTTP where its first byte begins a verb. */
  accept(socket: Socket): void;
  /** Answers what was read, then closes every connection. */
  drain(): Promise<void>;
};

/** JSON-RPC 2.0 on sockets that somebody else listens for: bare, as ethers and viem speak it, and by HTTP, as curl does. */
export function createJsonRpcAcceptor({ methodsFor, capBytes }: JsonRpcOptions): JsonRpcAcceptor {
  const open = new Set<Connection>();
  const http = createHttpAcceptor({
    capBytes,
    accepts: ["application/json"],
    reply: async ({ verb, body, signal, socket }) => {
      if (verb !== "POST") return { status: 405, type: "text/plain", body: "POST a JSON-RPC 2.0 request\n" };
      const text = await answer(body, methodsFor({ notify: undefined, signal }, socket));
      return text === undefined
        ? { status: 204, type: "", body: "" }
        : { status: 200, type: "application/json", body: `${text}\n` };
    },
  });

  const acceptBare = (socket: Socket) => {
    const gone = new AbortController();
    const connection = serveConnection(socket, {
      capBytes,
      methodsFor: (notify) => methodsFor({ notify, signal: gone.signal }, socket),
    });
    open.add(connection);
    // Who hangs up waits for nothing that is still running: a killed process looks no different.
    socket.on("end", () => gone.abort());
    socket.on("close", () => {
      open.delete(connection);
      gone.abort();
    });
  };

  return {
    accept(socket) {
      sniff(socket, { bare: acceptBare, http: (other) => http.accept(other) });
    },
    async drain() {
      await Promise.all([http.drain(), ...[...open].map(async (connection) => await connection.drain())]);
    },
  };
}

/** Hands a socket to one of two servers, by its first byte; an idle one costs a listener. */
function sniff(socket: Socket, { bare, http }: Record<"bare" | "http", (socket: Socket) => void>): void {
  const quit = () => socket.destroy();
  socket.once("error", quit);
  socket.once("readable", () => {
    socket.off("error", quit);
    const first: unknown = socket.read();
    if (!Buffer.isBuffer(first)) return socket.destroy();
    const isVerb = /^[A-Z]$/u.test(String.fromCodePoint(first[0] ?? 0));
    socket.unshift(first);
    return isVerb ? http(socket) : bare(socket);
  });
}
