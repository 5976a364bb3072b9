import { timingSafeEqual } from "node:crypto";
import { fileURLToPath } from "node:url";

import {
  Client,
  credentials,
  Metadata,
  type sendUnaryData,
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type ServerWritableStream,
  type ServiceDefinition,
  status,
} from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import { z } from "zod";

import type { Cancellation } from "../cancellation.ts";
import {
  type Connection,
  type ConnectOptions,
  defaultLimits,
  DisconnectedError,
  InvalidParamsError,
  type IpcEvent,
  type Limits,
  type Listener,
  type ListenOptions,
  ProtocolError,
  RemoteError,
  UnreachableError,
  WrongKeyError,
} from "../contract.ts";
import { describeFailure } from "../messages.ts";
import { nameOf } from "../address.ts";
import { bind, whereOf } from "./address.ts";
import { hangUpOnceAnswered } from "./hang-up.ts";

const callRequest = z.object({ method: z.string(), params: z.string() });
const callReply = z.object({ result: z.string() });
const watchRequest = z.object({ after: z.number() });
const eventMessage = z.object({ topic: z.string(), data: z.string(), sequence: z.number() });

/** The metadata in which a failure's code travels. */
const codeKey = "metacoin-code";

/** The gRPC status that says as much of a failure as a status can. */
const statuses: Readonly<Record<string, status>> = {
  UNKNOWN_METHOD: status.UNIMPLEMENTED,
  INVALID_PARAMS: status.INVALID_ARGUMENT,
  OVERLOADED: status.RESOURCE_EXHAUSTED,
  DEADLINE: status.DEADLINE_EXCEEDED,
};

function loadService(): ServiceDefinition {
  const file = fileURLToPath(new URL("ipc.proto", import.meta.url));
  const service = loadSync(file, { longs: Number, defaults: true })["metacoin.ipc.Ipc"];
  if (service === undefined || "format" in service) throw new ProtocolError(`${file} describes no service Ipc`);
  return service;
}

/** gRPC without TLS: on a unix socket that we own ourselves, since grpc-js neither replaces a stale one nor sets its mode. */
export async function listenGrpc(options: ListenOptions): Promise<Listener> {
  const { endpoint, key, replay, onFault } = options;
  const limits: Limits = { ...defaultLimits, ...options.limits };
  const watchers = new Set<ServerWritableStream<unknown, unknown>>();
  const server = new Server({ "grpc.max_receive_message_length": limits.maxMessageBytes });
  server.addService(loadService(), {
    Call: (call: ServerUnaryCall<unknown, unknown>, respond: sendUnaryData<unknown>) => {
      if (!knows(call.metadata, key)) respond({ code: status.UNAUTHENTICATED, details: "Unknown key" });
      else void carryOut(options, call, respond);
    },
    Watch: (call: ServerWritableStream<unknown, unknown>) => {
      if (!knows(call.metadata, key)) {
        call.destroy(Object.assign(new Error("Unknown key"), { code: status.UNAUTHENTICATED }));
        return;
      }
      // Headers first: they tell the watcher that no later event can be missed.
      call.sendMetadata(new Metadata());
      const { data } = watchRequest.safeParse(call.request);
      const after = data?.after ?? -1;
      for (const event of after < 0 ? [] : (replay?.(after) ?? [])) call.write(toMessage(event));
      watchers.add(call);
      call.on("close", () => watchers.delete(call)).on("cancelled", () => watchers.delete(call));
    },
  });
  const stopHangingUp = hangUpOnceAnswered();
  const injector = server.createConnectionInjector(ServerCredentials.createInsecure());
  const bound = await bind(whereOf(endpoint, key), {
    limits,
    onFault,
    onConnection: (socket) => injector.injectConnection(socket),
  });
  return {
    address: bound.address,
    publish(event) {
      for (const watcher of watchers) {
        if (watcher.write(toMessage(event)) || watcher.writableLength <= watcher.writableHighWaterMark) continue;
        if (watcher.writableLength * averageBytes <= limits.maxQueuedBytes) continue;
        onFault?.(new ProtocolError("A watcher did not read and was dropped"));
        watcher.destroy();
      }
    },
    async close() {
      for (const watcher of watchers) watcher.end();
      await bound.close(async () => {
        await new Promise<void>((resolve) => server.tryShutdown(() => resolve()));
        injector.destroy();
      });
      stopHangingUp();
    },
  };
}

/** Streams of messages count messages, not bytes. */
const averageBytes = 256;

async function carryOut(
  { answer }: ListenOptions,
  call: ServerUnaryCall<unknown, unknown>,
  respond: sendUnaryData<unknown>,
): Promise<void> {
  const gone = new AbortController();
  call.on("cancelled", () => gone.abort());
  try {
    const { method, params } = callRequest.parse(call.request);
    const result = await answer({ method, params: readArguments(params), peer: {}, signal: gone.signal });
    respond(null, { result: JSON.stringify(result ?? null) });
  } catch (error) {
    const { code, message } = describeFailure(error);
    const metadata = new Metadata();
    metadata.set(codeKey, code);
    respond({ code: statuses[code] ?? status.UNKNOWN, details: message, metadata });
  }
}

function readArguments(text: string): readonly unknown[] {
  let params: unknown;
  try {
    params = JSON.parse(text === "" ? "[]" : text);
  } catch (error) {
    throw new InvalidParamsError("params is no JSON", { cause: error });
  }
  if (!Array.isArray(params)) throw new InvalidParamsError("params must be a JSON array");
  return params;
}

function toMessage({ topic, data, sequence = 0 }: IpcEvent): z.output<typeof eventMessage> {
  return { topic, data: JSON.stringify(data ?? null), sequence };
}

function knows(metadata: Metadata, key: Buffer | undefined): boolean {
  if (key === undefined) return true;
  const given = Buffer.from(/^Bearer (.*)$/u.exec(String(metadata.get("authorization")[0] ?? ""))?.[1] ?? "");
  return given.length === key.length && timingSafeEqual(given, key);
}

export async function connectGrpc({ endpoint, key, limits: given, signal }: ConnectOptions): Promise<Connection> {
  const limits: Limits = { ...defaultLimits, ...given };
  const address = whereOf(endpoint, key);
  const { Call: call, Watch: watch } = loadService();
  if (call === undefined || watch === undefined) throw new ProtocolError("ipc.proto lacks a method");
  const client = new Client(
    "path" in address ? `unix:${address.path}` : nameOf(address),
    credentials.createInsecure(),
    {
      "grpc.max_receive_message_length": limits.maxMessageBytes,
      // One connection for each client, as on the other transports; no proxy of the environment.
      "grpc.use_local_subchannel_pool": 1,
      "grpc.enable_http_proxy": 0,
    },
  );
  const closed = Promise.withResolvers<void>();
  const metadata = new Metadata();
  if (key !== undefined) metadata.set("authorization", `Bearer ${key.toString()}`);
  await ready(client, nameOf(address), signal);
  let watching: { cancel(): void } | undefined;
  let ended = false;
  const active = new Set<Promise<unknown>>();

  const request = async (method: string, params: readonly unknown[], cancellation: Cancellation): Promise<unknown> => {
    if (ended) throw new DisconnectedError("The connection was closed");
    const reply = await new Promise<unknown>((resolve, reject) => {
      const sent = client.makeUnaryRequest(
        call.path,
        call.requestSerialize,
        call.responseDeserialize,
        { method, params: JSON.stringify(params) },
        metadata,
        (error, value) => (error === null ? resolve(value) : reject(failureOf(error))),
      );
      cancellation.onAbort = (reason) => {
        reject(reason);
        sent.cancel();
      };
    });
    return JSON.parse(callReply.parse(reply).result);
  };

  return {
    async request(method, params, cancellation) {
      const reply = request(method, params, cancellation);
      active.add(reply);
      try {
        return await reply;
      } finally {
        active.delete(reply);
      }
    },
    async subscribe({ after = -1, onEvent }) {
      const stream = client.makeServerStreamRequest(
        watch.path,
        watch.requestSerialize,
        watch.responseDeserialize,
        { after },
        metadata,
      );
      watching = stream;
      stream.on("data", (message: unknown) => onEvent(readEvent(message)));
      await new Promise<void>((resolve, reject) => {
        stream.on("metadata", () => resolve());
        stream.on("error", (error) => reject(failureOf(error)));
        stream.on("end", () => closed.resolve());
      });
    },
    closed: closed.promise,
    async close() {
      await Promise.allSettled(active);
      ended = true;
      watching?.cancel();
      client.close();
      closed.resolve();
    },
  };
}

/** How long a server may take to accept a connection, in milliseconds. */
const patienceMs = 5000;

/** grpc-js tries again and again; a socket nobody listens on is told at the first failure. */
async function ready(client: Client, name: string, signal: AbortSignal | undefined): Promise<void> {
  const { connectivityState: idle } = await import("@grpc/grpc-js");
  const channel = client.getChannel();
  const until = Date.now() + patienceMs;
  let state = channel.getConnectivityState(true);
  while (state !== idle.READY) {
    if (state === idle.TRANSIENT_FAILURE || signal?.aborted === true || Date.now() >= until) {
      client.close();
      throw new UnreachableError(`Nobody answers at ${name}`, {
        hint: "Start a server: npx hardhat ipc serve --transport rpc --protocol grpc",
      });
    }
    await new Promise<void>((resolve) => channel.watchConnectivityState(state, until, () => resolve()));
    state = channel.getConnectivityState(true);
  }
}

function failureOf(error: Error): Error {
  const code = "code" in error ? error.code : undefined;
  const named = "metadata" in error && error.metadata instanceof Metadata ? error.metadata.get(codeKey)[0] : undefined;
  const details = "details" in error && typeof error.details === "string" ? error.details : error.message;
  if (named !== undefined) return new RemoteError(details, String(named));
  if (code === status.UNAUTHENTICATED)
    return new WrongKeyError("The server does not know this key", { hint: "Do both sides have the same --key-file?" });
  if (code === status.UNAVAILABLE || code === status.CANCELLED)
    return new DisconnectedError("The server went away", { cause: error });
  return new RemoteError(details, typeof code === "number" ? (status[code] ?? String(code)) : "INTERNAL");
}

function readEvent(message: unknown): IpcEvent {
  const { topic, data, sequence } = eventMessage.parse(message);
  return { topic, data: JSON.parse(data), ...(sequence === 0 ? {} : { sequence }) };
}
