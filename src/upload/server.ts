import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";

import { messageOf } from "../errors.ts";
import type { Store } from "./core.ts";
import { serveFile } from "./download.ts";
import { serveDrop } from "./drop.ts";
import { serveDropzone } from "./dropzone.ts";
import { BadRequestError, NotFoundError } from "./failures.ts";
import type { Log } from "./log.ts";
import { createMetrics } from "./metrics.ts";
import { MiB, routes } from "./protocol.ts";
import { serveRaw } from "./raw.ts";
import { slowest, type Rate } from "./receive.ts";
import { send, sendError, sendJson, statusOf, type Handler } from "./respond.ts";
import { createTurns } from "./turns.ts";
import { serveTus } from "./tus.ts";

export type UploadServerOptions = {
  readonly store: Store;
  /** Asked first, before any byte of a body is read: Host, Origin, log-in. True: it refused and has answered. */
  readonly guard?: Handler;
  /** The page and the JSON API, asked in this order before the protocols. */
  readonly handlers?: readonly Handler[];
  readonly tls?: { readonly cert: Buffer; readonly key: Buffer };
  readonly log?: Log;
  /** The slowest a body may come. */
  readonly rate?: Rate;
  readonly connections?: number;
  /** Told of the work on each request, which may go on after its connection has ended. */
  readonly onWork?: (work: Promise<void>) => void;
};

/** A refused body of up to that many bytes is read to its end, so that its sender can read the answer. */
const drained = 16 * MiB;
const headersTimeoutMs = 15_000;
const drainMs = 5_000;

/** The HTTP server of a store; the caller listens and closes. */
export function createUploadServer({
  store,
  guard,
  handlers = [],
  tls,
  log = () => undefined,
  rate = slowest,
  connections = 256,
  onWork = () => undefined,
}: UploadServerOptions): Server {
  const metrics = createMetrics();
  const context = { store, rate, log, metrics, turns: createTurns() };
  const first = guard === undefined ? handlers : [guard, ...handlers];

  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = URL.parse(request.url ?? "/", "http://localhost");
    if (url === null) throw new BadRequestError("The URL cannot be read");
    const [, area = ""] = url.pathname.split("/");
    const route = `/${area}`;
    response.on("finish", () => metrics.answered(known.has(route) ? area : "other", response.statusCode));
    for (const handle of first) if (await handle(request, response, url)) return;
    if (url.pathname === routes.dropzone && request.method === "POST") return serveDropzone(context, request, response);
    if (route === routes.tus) return serveTus(context, request, response, url);
    if (route === routes.raw) return serveRaw(context, request, response, url);
    if (url.pathname === routes.drop && request.method === "POST") return serveDrop(context, request, response);
    if (route === routes.files) return serveFile(context, request, response, url);
    if (url.pathname === routes.health) return sendJson(response, 200, { ok: true });
    if (url.pathname === routes.metrics)
      return send(response, 200, metrics.render(store.usage()), "text/plain; version=0.0.4");
    throw new NotFoundError("There is nothing here");
  };
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    request.on("error", () => undefined);
    response.on("error", () => undefined);
    const work = serve(request, response)
      .catch((error: unknown) => {
        const status = statusOf(error);
        log(status >= 500 ? "error" : "warn", `request refused with ${String(status)}: ${messageOf(error)}`);
        if (response.headersSent) return void response.destroy();
        if (status === 507) response.setHeader("retry-after", "60");
        sendError(response, error);
      })
      .finally(() => settleBody(request));
    onWork(work.catch(() => undefined));
  };

  const options = {
    // A large body over a slow line takes hours; receive.ts ends those that stall.
    requestTimeout: 0,
    headersTimeout: headersTimeoutMs,
    keepAliveTimeout: 65_000,
    maxHeaderSize: 32 * 1024,
    highWaterMark: 256 * 1024,
  };
  const server = tls === undefined ? createServer(options) : createTlsServer({ ...options, ...tls });
  server.maxConnections = connections;
  return server.on("request", answer).on("checkContinue", answer);
}

const known: ReadonlySet<string> = new Set(Object.values(routes));

/** What is left of a body that nobody reads: a little is read away, the connection of more is ended. */
function settleBody(request: IncomingMessage): void {
  if (request.readableEnded || request.destroyed) return;
  let left = drained;
  const timer = setTimeout(() => request.destroy(), drainMs);
  request
    .on("data", (bytes: Buffer) => {
      left -= bytes.length;
      if (left < 0) request.destroy();
    })
    .on("close", () => clearTimeout(timer))
    .on("end", () => clearTimeout(timer))
    .resume();
}
