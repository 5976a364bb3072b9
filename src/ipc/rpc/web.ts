import { timingSafeEqual } from "node:crypto";
import { once } from "node:events";
import { Agent, request as send, type IncomingMessage, type ServerResponse } from "node:http";
import { connect as connectNet } from "node:net";
import { createInterface } from "node:readline";

import {
  type Connection,
  type ConnectOptions,
  defaultLimits,
  DisconnectedError,
  type IpcEvent,
  type Limits,
  type Listener,
  type ListenOptions,
  ProtocolError,
  UnreachableError,
  WrongKeyError,
} from "../contract.ts";
import { isCode } from "../endpoint.ts";
import { type Address, nameOf } from "../address.ts";
import { bind, whereOf } from "./address.ts";
import { createHttpAcceptor, type HttpReply, type HttpRequest, pathOf } from "./http.ts";
import { readEvent } from "./json.ts";

/** Carries out one call; rejects with the service's failure. */
type Call = (method: string, params: readonly unknown[]) => Promise<unknown>;

/** A request as a client sends it. */
type Outgoing = { readonly path: string; readonly body: string };

/** How a protocol puts calls into HTTP; all dialects share the server, the client and the event stream. */
export type WebProtocol = {
  /** The media type of its requests, and others that a server understands. */
  readonly accepts: readonly [string, ...string[]];
  /** Answers one whole request; never throws. */
  readonly reply: (request: HttpRequest, call: Call) => Promise<HttpReply>;
  readonly encode: (method: string, params: readonly unknown[]) => Outgoing;
  /** @throws {RemoteError} the server's failure. @throws {ProtocolError} where it is no reply. */
  readonly decode: (reply: { readonly status: number; readonly body: string }) => unknown;
};

/** Where events are streamed from (server-sent events), on every dialect. */
const eventsPath = "/events";

/** Requests of one client on their way at the same time; more wait in it. */
const mostAtOnce = 16;

export function createWebDialect(protocol: WebProtocol): {
  readonly listen: (options: ListenOptions) => Promise<Listener>;
  readonly connect: (options: ConnectOptions) => Promise<Connection>;
} {
  return {
    listen: (options) => listen(protocol, options),
    connect: (options) => connect(protocol, options),
  };
}

async function listen({ accepts, reply }: WebProtocol, options: ListenOptions): Promise<Listener> {
  const { endpoint, key, answer, replay, onFault } = options;
  const limits: Limits = { ...defaultLimits, ...options.limits };
  const watchers = new Set<ServerResponse>();
  const http = createHttpAcceptor({
    capBytes: limits.maxMessageBytes,
    headersMs: limits.handshakeMs,
    accepts,
    admits: (request) => key === undefined || knows(request, key),
    reply: (request) =>
      reply(request, async (method, params) => await answer({ method, params, peer: {}, signal: request.signal })),
    stream(request, response) {
      if (request.method !== "GET" || pathOf(request) !== eventsPath) return false;
      response.writeHead(200, { "Content-Type": "text/event-stream", "Cache-Control": "no-store" });
      // The first bytes tell the watcher that no later event can be missed.
      response.write(": watching\n\n");
      for (const event of missedBy(request, replay)) response.write(frame(event));
      watchers.add(response);
      response.on("close", () => watchers.delete(response));
      return true;
    },
  });
  const bound = await bind(whereOf(endpoint, key), {
    limits,
    onFault,
    onConnection: (socket) => http.accept(socket),
  });
  return {
    address: bound.address,
    publish(event) {
      for (const watcher of watchers) {
        watcher.write(frame(event));
        if (watcher.writableLength <= limits.maxQueuedBytes) continue;
        onFault?.(new ProtocolError("A watcher did not read and was dropped"));
        watcher.destroy();
      }
    },
    close() {
      for (const watcher of watchers) watcher.end();
      return bound.close(() => http.drain());
    },
  };
}

function missedBy({ url = "/" }: IncomingMessage, replay: ListenOptions["replay"]): readonly IpcEvent[] {
  const after = new URL(url, "http://localhost").searchParams.get("after");
  return after === null || !/^\d+$/u.test(after) ? [] : (replay?.(Number(after)) ?? []);
}

/** JSON has no line breaks, so an event is one line. */
function frame(event: IpcEvent): string {
  return `data: ${JSON.stringify(event)}\n\n`;
}

function knows({ headers }: IncomingMessage, key: Buffer): boolean {
  const given = Buffer.from(/^Bearer (.*)$/u.exec(headers.authorization ?? "")?.[1] ?? "");
  return given.length === key.length && timingSafeEqual(given, key);
}

async function connect(
  protocol: WebProtocol,
  { endpoint, key, limits: given, signal }: ConnectOptions,
): Promise<Connection> {
  const limits: Limits = { ...defaultLimits, ...given };
  const address = whereOf(endpoint, key);
  await probe(address, signal);
  const agent = new Agent({ keepAlive: true, maxSockets: mostAtOnce });
  const closed = Promise.withResolvers<void>();
  const ended = new AbortController();
  const exchange = createExchange(address, agent, key);
  const active = new Set<Promise<unknown>>();

  const request = async (method: string, params: readonly unknown[], signal: AbortSignal) => {
    if (ended.signal.aborted) throw new DisconnectedError("The connection was closed");
    const { path, body } = protocol.encode(method, params);
    const headers = { "Content-Type": protocol.accepts[0], "Content-Length": Buffer.byteLength(body) };
    const response = await exchange({ method: "POST", path, headers, signal }, body);
    return protocol.decode({
      status: response.statusCode ?? 0,
      body: await readAll(response, limits.maxMessageBytes, signal),
    });
  };

  return {
    async request(method, params, { signal }) {
      const reply = request(method, params, signal);
      active.add(reply);
      try {
        return await reply;
      } finally {
        active.delete(reply);
      }
    },
    async subscribe({ after, onEvent }) {
      const path = after === undefined ? eventsPath : `${eventsPath}?after=${String(after)}`;
      const response = await exchange({ method: "GET", path, headers: {}, signal: ended.signal });
      response.on("close", () => closed.resolve()).on("error", () => closed.resolve());
      await watch(response, onEvent);
    },
    closed: closed.promise,
    async close() {
      await Promise.allSettled(active);
      ended.abort();
      agent.destroy();
      closed.resolve();
    },
  };
}

/** HTTP connects with its first request; that nobody listens is told before. */
async function probe(address: Address, signal: AbortSignal | undefined): Promise<void> {
  const socket = connectNet(address);
  try {
    await once(socket, "connect", signal === undefined ? {} : { signal });
  } catch (error) {
    throw unreachable(address, error);
  } finally {
    socket.destroy();
  }
}

function unreachable(address: Address, cause: unknown): UnreachableError {
  return new UnreachableError(`Nobody answers at ${nameOf(address)}`, {
    cause,
    hint: "Start a server: npx hardhat ipc serve --transport rpc",
  });
}

/** Resolves when the server has said that it is watching. */
async function watch(response: IncomingMessage, onEvent: (event: IpcEvent) => void): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    if (response.statusCode !== 200) reject(new ProtocolError(`Events: HTTP ${String(response.statusCode)}`));
    const lines = createInterface({ input: response });
    lines.on("line", (line) => {
      if (line.startsWith(":")) resolve();
      if (line.startsWith("data: ")) onEvent(readEvent(JSON.parse(line.slice("data: ".length))));
    });
    const gone = () => reject(new DisconnectedError("The server went away"));
    lines.on("close", gone).on("error", gone);
  });
}

type Exchange = (
  options: {
    readonly method: string;
    readonly path: string;
    readonly headers: Readonly<Record<string, string | number>>;
    readonly signal: AbortSignal;
  },
  body?: string,
) => Promise<IncomingMessage>;

function createExchange(address: Address, agent: Agent, key: Buffer | undefined): Exchange {
  const target = "path" in address ? { socketPath: address.path } : address;
  const authorization = key === undefined ? {} : { Authorization: `Bearer ${key.toString()}` };
  return async ({ method, path, headers, signal }, body = "") => {
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const request = send({ ...target, agent, method, path, headers: { ...authorization, ...headers }, signal });
      request.on("response", resolve).on("error", (error) => reject(failureOf(error, address, signal)));
      request.end(body);
    });
    if (response.statusCode !== 401) return response;
    response.resume();
    throw new WrongKeyError("The server does not know this key", { hint: "Do both sides have the same --key-file?" });
  };
}

function failureOf(error: unknown, address: Address, signal: AbortSignal): unknown {
  if (signal.aborted) return signal.reason;
  if (isCode(error, "ECONNREFUSED") || isCode(error, "ENOENT")) return unreachable(address, error);
  return new DisconnectedError("The server went away", { cause: error });
}

async function readAll(response: IncomingMessage, capBytes: number, signal: AbortSignal): Promise<string> {
  const parts: Buffer[] = [];
  let size = 0;
  try {
    const chunks: AsyncIterable<Buffer> = response;
    for await (const chunk of chunks) {
      size += chunk.length;
      if (size > capBytes) throw new ProtocolError(`The reply is larger than ${String(capBytes)} bytes`);
      parts.push(chunk);
    }
  } catch (error) {
    if (error instanceof ProtocolError) throw error;
    throw signal.aborted ? signal.reason : new DisconnectedError("The server went away", { cause: error });
  }
  return Buffer.concat(parts).toString();
}
