import { once } from "node:events";
import type { NetConnectOpts } from "node:net";

import type { Cancellation } from "../cancellation.ts";
import { DisconnectedError, UnreachableError } from "../contract.ts";
import { dial, type Dialled } from "../dial.ts";
import { coalesce } from "./connection.ts";
import { JsonRpcError, readIncoming } from "./jsonrpc.ts";
import { createSplitter } from "./split.ts";

/** A client of one JSON-RPC connection. */
export type JsonRpcClient = {
  /**
   * @throws {JsonRpcError} what the server answered.
   * @throws {DisconnectedError} where the connection ended first: the request may have been carried out.
   */
  request(method: string, params: unknown, options?: RequestOptions): Promise<unknown>;
  /** Sends without waiting for an answer; there will be none. */
  notify(method: string, params: unknown): void;
  /** Sends nothing more; what the server has not answered by then it gives up. */
  close(): void;
};

type RequestOptions = {
  readonly cancellation?: Cancellation | undefined;
  /** Told the id of a request that is given up, so that the server can be. */
  readonly onAbort?: (id: number) => void;
};

type ClientOptions = {
  /** Largest reply, in bytes. */
  readonly capBytes: number;
  readonly onNotification?: (method: string, params: unknown) => void;
  readonly onClose?: () => void;
  /** What a call rejects with, of what the server answered. */
  readonly toError?: (error: JsonRpcError) => Error;
  /** An idle connection lets the process end. */
  readonly unrefIdle?: boolean;
};

type Waiting = { readonly resolve: (result: unknown) => void; readonly reject: (error: unknown) => void };

/** Connects to a JSON-RPC server on a unix socket or TCP port. */
export async function connectJsonRpc(endpoint: NetConnectOpts, options: ClientOptions): Promise<JsonRpcClient> {
  const dialled = dial(endpoint);
  try {
    await once(dialled.socket, "connect");
  } catch (error) {
    throw new UnreachableError(`Nothing answers on ${nameOf(endpoint)}`, { cause: error });
  }
  return speakJsonRpc(dialled, nameOf(endpoint), options);
}

function speakJsonRpc(
  dialled: Dialled,
  name: string,
  { capBytes, onNotification, onClose, unrefIdle = false, toError = (error) => error }: ClientOptions,
): JsonRpcClient {
  const { socket } = dialled;
  const splitter = createSplitter({ capBytes });
  const out = coalesce(socket, () => undefined);
  const waiting = new Map<number, Waiting>();
  let lastId = 0;
  let failure: Error | undefined;

  socket.setNoDelay(true);
  if (unrefIdle) socket.unref();
  socket.on("error", (error) => {
    failure ??= error;
  });
  dialled.onBytes = (bytes) => {
    try {
      for (const document of splitter.push(bytes)) receive(JSON.parse(document));
    } catch (error) {
      socket.destroy(error instanceof Error ? error : undefined);
    }
  };
  socket.on("close", () => {
    const error = new DisconnectedError(`${name} closed the connection`, { cause: failure });
    for (const { reject } of waiting.values()) reject(error);
    waiting.clear();
    onClose?.();
  });

  function take(id: number): Waiting | undefined {
    const request = waiting.get(id);
    waiting.delete(id);
    if (unrefIdle && waiting.size === 0) socket.unref();
    return request;
  }

  function receive(document: unknown): void {
    const incoming = readIncoming(document);
    if (incoming === undefined) throw new DisconnectedError(`${name} does not speak JSON-RPC 2.0`);
    if ("method" in incoming) return onNotification?.(incoming.method, incoming.params);
    const request = typeof incoming.id === "number" ? take(incoming.id) : undefined;
    // A reply nobody waits for any more was given up on; one without an id says that the server lost its way.
    if (request === undefined) return undefined;
    if (!("error" in incoming)) return request.resolve(incoming.result);
    const { code, message, data } = incoming.error;
    return request.reject(toError(new JsonRpcError(code, message, data)));
  }

  return {
    request: (method, params, { cancellation, onAbort } = {}) =>
      new Promise((resolve, reject) => {
        if (socket.destroyed) throw new DisconnectedError(`${name} closed the connection`, { cause: failure });
        const id = ++lastId;
        const text = JSON.stringify({ jsonrpc: "2.0", id, method, params });
        waiting.set(id, { resolve, reject });
        if (unrefIdle) socket.ref();
        out.send(text);
        if (cancellation !== undefined)
          cancellation.onAbort = (reason) => {
            if (take(id) === undefined) return;
            onAbort?.(id);
            reject(reason);
          };
      }),
    notify: (method, params) => out.send(JSON.stringify({ jsonrpc: "2.0", method, params })),
    close() {
      out.flush();
      socket.end();
    },
  };
}

function nameOf(endpoint: NetConnectOpts): string {
  return "path" in endpoint ? endpoint.path : `${endpoint.host ?? "127.0.0.1"}:${String(endpoint.port)}`;
}
