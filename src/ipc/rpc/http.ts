import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { Socket } from "node:net";

import { defaultLimits } from "../contract.ts";

/** A request whose body has arrived whole, within the cap. */
export type HttpRequest = {
  readonly verb: string;
  /** Path without the query. */
  readonly path: string;
  readonly body: string;
  /** Aborts when the client has gone. */
  readonly signal: AbortSignal;
  readonly socket: Socket;
};

export type HttpReply = { readonly status: number; readonly type: string; readonly body: string };

export type HttpOptions = {
  /** Largest body, in bytes: a longer `Content-Length` is refused unread, a longer stream where it crosses the line. */
  readonly capBytes: number;
  /** The headers, and the key in them, have to be there after this time; those of the first request, too. */
  readonly headersMs?: number;
  /** Whether a request may come in at all, by its headers. */
  readonly admits?: (request: IncomingMessage) => boolean;
  /** Media types a POST may carry. A page in a browser cannot send these to another origin without asking first. */
  readonly accepts: readonly string[];
  readonly reply: (request: HttpRequest) => Promise<HttpReply>;
  /** Takes over a request before its body is read, for streams; `true` when it did. */
  readonly stream?: (request: IncomingMessage, response: ServerResponse) => boolean;
};

/** HTTP on sockets that somebody else listens for. */
export type HttpAcceptor = {
  accept(socket: Socket): void;
  /** Answers what is on its way, then closes every connection. */
  drain(): Promise<void>;
};

/**
 * An HTTP/1.1 server that hands whole requests to `reply`.
 *
 * Requests of web pages are refused (`Origin`, or a `Host` that is not this machine), so that a page which a person has open
 * cannot call a service that listens on loopback.
 */
export function createHttpAcceptor(options: HttpOptions): HttpAcceptor {
  const { capBytes, headersMs = defaultLimits.handshakeMs, reply, stream } = options;
  const server = createServer({
    requestTimeout: 30_000,
    headersTimeout: headersMs,
    keepAliveTimeout: 5000,
    connectionsCheckingInterval: Math.min(headersMs, 1000),
  });
  // It never listens itself, and would otherwise look at no time limit: half a request could keep a place for ever.
  server.emit("listening");
  const sockets = new Map<Socket, ServerResponse | undefined>();
  let draining = false;

  server.on("request", (request, response) => {
    sockets.set(request.socket, response);
    response.shouldKeepAlive &&= !draining;
    response.on("close", () => {
      if (!sockets.has(request.socket)) return;
      sockets.set(request.socket, undefined);
      if (draining) request.socket.end();
    });
    // A client that leaves half-way is no failure of ours.
    request.on("error", () => response.destroy());
    response.on("error", () => request.destroy());
    const refusal = refusalOf(request, options);
    if (refusal !== undefined) return refuse(response, refusal);
    if (stream?.(request, response) === true) return undefined;
    return void serve(request, response);
  });

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const gone = new AbortController();
    response.on("close", () => gone.abort());
    const body = await readBody(request, capBytes);
    if (body === undefined) return refuse(response, tooLarge);
    const verb = request.method ?? "GET";
    const { socket } = request;
    send(response, await reply({ verb, path: pathOf(request), body, signal: gone.signal, socket }));
  }

  return {
    accept(socket) {
      sockets.set(socket, undefined);
      socket.on("close", () => sockets.delete(socket));
      server.emit("connection", socket);
    },
    async drain() {
      draining = true;
      server.close();
      const closing = [...sockets].map(async ([socket, response]) => {
        const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
        if (response === undefined) socket.destroySoon();
        else if (!response.headersSent) response.shouldKeepAlive = false;
        await closed;
      });
      await Promise.all(closing);
    },
  };
}

/** The path of a request, without its query. */
export function pathOf({ url = "/" }: IncomingMessage): string {
  return url.split("?", 1)[0] ?? "/";
}

const tooLarge: HttpReply = { status: 413, type: "text/plain", body: "The body is too large\n" };

const unknownCaller: HttpReply = { status: 401, type: "text/plain", body: "Authorization: Bearer KEY is missing\n" };

function refusalOf(request: IncomingMessage, { capBytes, accepts, admits }: HttpOptions): HttpReply | undefined {
  const { method, headers } = request;
  if (headers.origin !== undefined || !isLocal(headers.host))
    return { status: 403, type: "text/plain", body: "Web pages and other hosts are not served\n" };
  if (admits?.(request) === false) return unknownCaller;
  if (Number(headers["content-length"] ?? 0) > capBytes) return tooLarge;
  if (method !== "POST") return undefined;
  const type = (headers["content-type"] ?? "").split(";", 1)[0]?.trim().toLowerCase() ?? "";
  if (accepts.includes(type)) return undefined;
  return { status: 415, type: "text/plain", body: `Content-Type must be ${accepts.join(" or ")}\n` };
}

function isLocal(host: string | undefined): boolean {
  const name = host?.replace(/:\d+$/u, "");
  return name === undefined || ["", "localhost", "127.0.0.1", "[::1]"].includes(name);
}

/** `undefined` where the body is longer than the cap. */
async function readBody(request: IncomingMessage, capBytes: number): Promise<string | undefined> {
  const parts: Buffer[] = [];
  let size = 0;
  try {
    const chunks: AsyncIterable<Buffer> = request.iterator({ destroyOnReturn: false });
    for await (const part of chunks) {
      size += part.length;
      if (size > capBytes) return undefined;
      parts.push(part);
    }
  } catch {
    // The client has left: whatever is answered goes nowhere.
  }
  return Buffer.concat(parts).toString();
}

/** Answers without reading on, and closes: what still arrives is not kept. */
function refuse(response: ServerResponse, reply: HttpReply): void {
  response.setHeader("Connection", "close");
  send(response, reply);
  response.on("finish", () => response.req.destroy());
}

function send(response: ServerResponse, { status, type, body }: HttpReply): void {
  if (response.destroyed) return;
  response.writeHead(status, body === "" ? {} : { "Content-Type": type });
  response.end(body);
}
