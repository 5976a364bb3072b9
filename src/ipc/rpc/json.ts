import type { Socket } from "node:net";

import { UsageError } from "../../errors.ts";
import { Cancellation, IncomingCall } from "../cancellation.ts";
import {
  CancelledError,
  type Connection,
  type ConnectOptions,
  defaultLimits,
  DisconnectedError,
  InvalidParamsError,
  type IpcEvent,
  type Limits,
  type Listener,
  type ListenOptions,
  type Peer,
  ProtocolError,
  RemoteError,
} from "../contract.ts";
import { isRecord } from "../messages.ts";
import { createJsonRpcAcceptor, type Caller } from "./accept.ts";
import { bind, whereOf } from "./address.ts";
import { connectJsonRpc } from "./client.ts";
import type { Dispatch, JsonRpcError, JsonRpcId } from "./jsonrpc.ts";

/** What this dialect adds to the service's own methods. */
const own = {
  subscribe: "ipc_subscribe",
  event: "ipc_event",
  /** As the Language Server Protocol cancels: a notification that names the request. */
  cancel: "$/cancelRequest",
} as const;

/** Bare JSON-RPC 2.0 on a unix socket; the same socket answers HTTP, for curl. */
export async function listenJson(options: ListenOptions): Promise<Listener> {
  if (options.key !== undefined)
    throw new UsageError("Bare JSON-RPC has no place for a key; its socket is for you alone without one", {
      hint: "Use --protocol http where a key is wanted",
    });
  const limits: Limits = { ...defaultLimits, ...options.limits };
  const watchers = new Map<Socket, (event: IpcEvent) => void>();
  const peers = new WeakMap<Socket, Peer>();
  const acceptor = createJsonRpcAcceptor({
    capBytes: limits.maxMessageBytes,
    methodsFor: (caller, socket) =>
      methodsFor(options, caller, peers.get(socket) ?? {}, (tell) => {
        watchers.set(socket, tell);
        socket.on("close", () => watchers.delete(socket));
      }),
  });
  const bound = await bind(whereOf(options.endpoint, options.key), {
    limits,
    onFault: options.onFault,
    onConnection(socket, peer) {
      peers.set(socket, peer);
      acceptor.accept(socket);
    },
  });
  return {
    address: bound.address,
    publish(event) {
      for (const [socket, tell] of watchers) {
        tell(event);
        if (socket.writableLength <= limits.maxQueuedBytes) continue;
        options.onFault?.(
          new ProtocolError(`A watcher did not read ${String(socket.writableLength)} bytes and was dropped`),
        );
        socket.destroy();
      }
    },
    close: () => bound.close(() => acceptor.drain()),
  };
}

function methodsFor(
  { answer, replay }: ListenOptions,
  { notify, signal: gone }: Caller,
  peer: Peer,
  watch: (tell: (event: IpcEvent) => void) => void,
): Dispatch {
  const calls = new Map<JsonRpcId, Cancellation>();
  gone.addEventListener("abort", () => {
    for (const call of calls.values()) call.abort(new DisconnectedError("The caller went away"));
  });

  const call = (method: string, params: unknown, id: JsonRpcId | undefined) => {
    const cancellation = new Cancellation();
    const outcome = answer(new IncomingCall(method, byPosition(params), peer, cancellation));
    if (!(outcome instanceof Promise) || id === undefined) return outcome;
    calls.set(id, cancellation);
    return outcome.finally(() => calls.delete(id));
  };

  return (method, params, id) => {
    if (method === own.cancel) {
      if (isRecord(params) && isId(params["id"]))
        calls.get(params["id"])?.abort(new CancelledError("The caller gave up"));
      return null;
    }
    if (method !== own.subscribe) return call(method, params, id);
    if (notify === undefined) throw new InvalidParamsError("HTTP has no way back for events here");
    const tell = (event: IpcEvent) => notify(own.event, event);
    const [after] = byPosition(params);
    const missed = typeof after === "number" ? (replay?.(after) ?? []) : [];
    watch(tell);
    for (const event of missed) tell(event);
    return null;
  };
}

function isId(id: unknown): id is JsonRpcId {
  return typeof id === "number" || typeof id === "string";
}

function byPosition(params: unknown): readonly unknown[] {
  if (params === undefined) return [];
  if (Array.isArray(params)) return params;
  throw new InvalidParamsError("Parameters are passed by position, as an array");
}

export async function connectJson({ endpoint, key, limits: given }: ConnectOptions): Promise<Connection> {
  const limits: Limits = { ...defaultLimits, ...given };
  const address = whereOf(endpoint, key);
  const closed = Promise.withResolvers<void>();
  let onEvent: (event: IpcEvent) => void = () => undefined;
  const client = await connectJsonRpc(address, {
    capBytes: limits.maxMessageBytes,
    onNotification(method, params) {
      if (method === own.event && isRecord(params)) onEvent(readEvent(params));
    },
    onClose: closed.resolve,
    toError: remoteOf,
  });
  const onAbort = (id: number) => client.notify(own.cancel, { id });
  const request = (method: string, params: readonly unknown[], cancellation?: Cancellation) =>
    client.request(method, params, { cancellation, onAbort });
  return {
    request,
    async subscribe(subscription) {
      onEvent = subscription.onEvent;
      await request(own.subscribe, subscription.after === undefined ? [] : [subscription.after]);
    },
    closed: closed.promise,
    async close() {
      client.close();
      await closed.promise;
    },
  };
}

/** The server's failure in the contract's words: our servers name it in `data`, others have the number alone. */
export function remoteOf({ rpcCode, message, data }: JsonRpcError): RemoteError {
  const name = isRecord(data) ? data["code"] : undefined;
  return new RemoteError(message, typeof name === "string" ? name : String(rpcCode));
}

/** @throws {ProtocolError} where it is no event. */
export function readEvent(params: unknown): IpcEvent {
  if (!isRecord(params) || typeof params["topic"] !== "string") throw new ProtocolError("An event has no topic");
  const { topic, data, sequence } = params;
  return { topic, data, ...(typeof sequence === "number" ? { sequence } : {}) };
}
