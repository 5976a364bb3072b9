import type { IncomingMessage, ServerResponse } from "node:http";
import { TLSSocket } from "node:tls";

import { messageOf } from "../errors.ts";
import { reprDigest, urlOf } from "./answer.ts";
import { checksumOf } from "./checksum.ts";
import type { TusFacts, Upload } from "./core.ts";
import { sendFile } from "./download.ts";
import { BadRequestError, ConflictError, ForbiddenError, NotFoundError, TooLargeError } from "./failures.ts";
import { checkDir, checkName, quote } from "./names.ts";
import { MiB, routes, tus } from "./protocol.ts";
import { lengthOf } from "./receive.ts";
import { send, statusOf } from "./respond.ts";
import { transfer, type Context } from "./transfer.ts";
import { parseConcat, parseLength, parseMetadata, parseNumber } from "./tus-headers.ts";
import type { Turns } from "./turns.ts";

export type TusContext = Context & { readonly turns: Turns };

/** A concatenation of up to that many bytes is awaited; a larger one is answered at once and goes on. */
const awaited = 64 * MiB;

type Exchange = { readonly context: TusContext; readonly request: IncomingMessage; readonly response: ServerResponse };

/** tus 1.0.0 below /files, with all its extensions. */
export async function serveTus(
  context: TusContext,
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
): Promise<void> {
  const exchange = { context, request, response };
  response.setHeader("tus-resumable", tus.version);
  try {
    await dispatch(exchange, url);
  } catch (error) {
    const status = statusOf(error);
    context.log(status >= 500 ? "error" : "warn", `tus request refused with ${String(status)}: ${messageOf(error)}`);
    if (response.headersSent) return;
    if (status === 507) response.setHeader("retry-after", "60");
    send(
      response,
      status,
      status === 500 ? "The server failed; its log says why" : messageOf(error),
      "text/plain; charset=utf-8",
    );
  }
}

async function dispatch(exchange: Exchange, url: URL): Promise<void> {
  const { context, request, response } = exchange;
  const method = String(request.headers["x-http-method-override"] ?? request.method).toUpperCase();
  if (method === "OPTIONS") return options(exchange);
  const id = url.pathname.slice(routes.tus.length + 1).replace(/\/$/u, "");
  if (method === "GET" && id !== "") {
    const { published } = context.store.uploads.get(id);
    if (published === undefined) throw new NotFoundError("This upload is not published");
    return sendFile(context, request, response, published);
  }
  if (request.headers["tus-resumable"] !== tus.version) {
    response.setHeader("tus-version", tus.version);
    return send(response, 412, `Tus-Resumable must be ${tus.version}`, "text/plain; charset=utf-8");
  }
  if (id === "" && method === "POST") return create(exchange);
  if (id !== "" && method === "HEAD") return head(exchange, id);
  if (id !== "" && method === "PATCH") return patch(exchange, id);
  if (id !== "" && method === "DELETE") return remove(exchange, id);
  response.setHeader("allow", id === "" ? "OPTIONS, POST" : "OPTIONS, GET, HEAD, PATCH, DELETE");
  send(response, 405, "Not here", "text/plain; charset=utf-8");
}

function options({ context, response }: Exchange): void {
  response.writeHead(200, {
    "content-length": 0,
    "tus-version": tus.version,
    "tus-extension": tus.extensions.join(","),
    "tus-checksum-algorithm": tus.checksums.join(","),
    ...(context.store.maxSize === Number.MAX_SAFE_INTEGER ? {} : { "tus-max-size": String(context.store.maxSize) }),
  });
  response.end();
}

async function create(exchange: Exchange): Promise<void> {
  const { context, request, response } = exchange;
  const { headers } = request;
  const { uploads } = context.store;
  const metadataText = textOf(headers["upload-metadata"]);
  const concatText = textOf(headers["upload-concat"]);
  const metadata = parseMetadata(metadataText);
  const concat = parseConcat(concatText);
  const parts = concat.kind === "final" ? concat.parts : [];
  const facts: TusFacts = { kind: concat.kind, metadata: metadataText, concat: concatText, parts };
  const size = concat.kind === "final" ? finalSize(exchange, parts) : parseLength(headers);
  const length = lengthOf(request);
  const hasBody = length !== 0;
  if (hasBody && concat.kind === "final") throw new ForbiddenError("A final upload takes no bytes of its own");
  if (hasBody && headers["content-type"] !== tus.contentType) return unsupported(response);
  if (hasBody && (length ?? 0) > (size ?? Infinity)) throw new TooLargeError("The body is longer than Upload-Length");
  const verifier = hasBody ? checksumOf(request) : undefined;

  const upload = uploads.create({ via: "tus", size, tus: facts, ...pathOf(metadata) });
  context.log(
    "info",
    `upload of ${quote(upload.name)} begins: ${size === undefined ? "length deferred" : `${String(size)} bytes`}`,
  );
  response.setHeader("location", locationOf(request, upload));
  if (hasBody) {
    try {
      context.store.admitBytes(upload, length ?? 0);
      const range = [0, size ?? context.store.maxSize] as const;
      const { cut } = await transfer(context, { request, response, id: upload.id, range, verifier });
      if (cut !== undefined) throw cut;
    } catch (error) {
      // Nobody knows its URL.
      await uploads.remove(upload.id);
      response.removeHeader("location");
      throw error;
    }
  }
  if (concat.kind === "final") await assemble(exchange, upload);
  else await finishWhole(exchange, upload.id);
  const now = uploads.get(upload.id);
  describe(exchange, now);
  response.writeHead(201).end();
}

/** Puts the parts of a final upload together. What fails is in the upload's row, and HEAD tries again. */
async function assemble({ context }: Exchange, { id, size, tus: facts }: Upload): Promise<void> {
  const { uploads } = context.store;
  if ((size ?? sumOf(context, facts?.parts ?? []) ?? 0) > awaited) uploads.kick(id);
  else
    await uploads
      .finish(id)
      .catch((error: unknown) => context.log("error", `concatenation failed: ${messageOf(error)}`));
}

/** The sum of the parts; undefined while one of them does not know its length. */
function finalSize({ context, request }: Exchange, parts: readonly string[]): number | undefined {
  if (request.headers["upload-length"] !== undefined || request.headers["upload-defer-length"] !== undefined)
    throw new BadRequestError("A final upload has the length of its parts");
  const sizes = parts.map((part) => {
    const upload = context.store.uploads.find(part);
    if (upload?.tus?.kind !== "partial" || upload.state === "gone")
      throw new BadRequestError("Only partial uploads that are here can be concatenated");
    return upload.size;
  });
  return sizes.reduce((sum, size) => (sum === undefined || size === undefined ? undefined : sum + size), 0);
}

async function head(exchange: Exchange, id: string): Promise<void> {
  const { context, response } = exchange;
  const { uploads } = context.store;
  await context.turns.interrupt(id);
  const before = uploads.get(id);
  const { tus: facts, state, size } = before;
  if (facts?.kind === "final") await assemble(exchange, before);
  else if (state === "active" && size === before.received) uploads.kick(id);
  describe(exchange, uploads.get(id));
  response.writeHead(200, { "cache-control": "no-store", "content-length": 0 }).end();
}

async function patch(exchange: Exchange, id: string): Promise<void> {
  const { context, request, response } = exchange;
  const { headers } = request;
  const { uploads } = context.store;
  if (headers["content-type"] !== tus.contentType) return unsupported(response);
  const offset = parseNumber(headers, "upload-offset");
  if (offset === undefined) throw new BadRequestError("Upload-Offset is missing");
  const declared = parseNumber(headers, "upload-length");
  const verifier = checksumOf(request);
  if (uploads.get(id).tus?.kind === "final") throw new ForbiddenError("A final upload takes no bytes of its own");
  const turn = await context.turns.begin(id);
  try {
    const here = offsetOf(exchange, uploads.get(id));
    if (Number(here) !== offset) {
      response.setHeader("upload-offset", here);
      throw new ConflictError(`The upload is at ${here}, not at ${String(offset)}`);
    }
    const upload = declared === undefined ? uploads.get(id) : uploads.declareSize(id, declared);
    const size = upload.size ?? context.store.maxSize;
    const length = lengthOf(request);
    if (offset + (length ?? 0) > size) throw new TooLargeError(`The body goes beyond byte ${String(size)}`);
    context.store.admitBytes(upload, length ?? 0);
    const range = [offset, size] as const;
    const { bytes, cut } = await transfer(context, { request, response, id, range, verifier, stop: turn.stop });
    context.log("info", `bytes ${String(offset)} to ${String(offset + bytes)} of ${quote(upload.name)} complete`);
    if (cut !== undefined) throw turn.stop.aborted ? new ConflictError(cut.message) : cut;
    await finishWhole(exchange, id);
  } finally {
    turn.end();
  }
  const now = uploads.get(id);
  response.setHeader("upload-offset", offsetOf(exchange, now));
  expires(exchange, now);
  digest(exchange, now);
  response.writeHead(204).end();
}

async function remove({ context, response }: Exchange, id: string): Promise<void> {
  await context.turns.interrupt(id);
  await context.store.uploads.remove(id);
  response.writeHead(204).end();
}

async function finishWhole({ context }: Exchange, id: string): Promise<void> {
  const { uploads } = context.store;
  const { size, received, name, state } = uploads.get(id);
  if (size !== received || state !== "active") return;
  const done = await uploads.finish(id);
  if (done?.sha256 !== undefined) context.log("info", `file ${quote(name)} has been uploaded: sha256 ${done.sha256}`);
}

/** tus is append-only: the offset is the end of the first range. */
function offsetOf({ context }: Exchange, { id }: Upload): string {
  const [first] = context.store.uploads.ranges(id);
  return first?.[0] === 0 ? String(first[1]) : "0";
}

/**
 * Of a final upload: what its parts have, while one of them misses bytes, so that it is never the length before the file
 * is there. tus leaves that value undefined.
 */
function progressOf(exchange: Exchange, upload: Upload): string | undefined {
  if (upload.tus?.kind !== "final" || upload.state === "done") return offsetOf(exchange, upload);
  if (upload.state !== "active") return undefined;
  const parts = upload.tus.parts.map((part) => exchange.context.store.uploads.find(part));
  if (parts.every((part) => part?.received === part?.size)) return undefined;
  return String(parts.reduce((sum, part) => sum + (part?.received ?? 0), 0));
}

/** Headers that proxies add. */
const forwarded = ["via", "forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto"];

/** Absolute, for clients that do not resolve it; behind a proxy only the client knows the names, and gets the path. */
function locationOf({ headers, socket }: IncomingMessage, { id }: Upload): string {
  const path = `${routes.tus}/${id}`;
  if (headers.host === undefined || forwarded.some((name) => headers[name] !== undefined)) return path;
  return `${socket instanceof TLSSocket ? "https" : "http"}://${headers.host}${path}`;
}

function describe(exchange: Exchange, upload: Upload): void {
  const { context, response } = exchange;
  const { tus: facts } = upload;
  const offset = progressOf(exchange, upload);
  if (offset !== undefined) response.setHeader("upload-offset", offset);
  const size = upload.size ?? (facts?.kind === "final" ? sumOf(context, facts.parts) : undefined);
  if (size !== undefined) response.setHeader("upload-length", String(size));
  else if (facts?.kind !== "final") response.setHeader("upload-defer-length", "1");
  if (facts?.metadata !== undefined) response.setHeader("upload-metadata", facts.metadata);
  if (facts?.concat !== undefined) response.setHeader("upload-concat", facts.concat);
  expires(exchange, upload);
  digest(exchange, upload);
}

function sumOf({ store }: TusContext, parts: readonly string[]): number | undefined {
  return parts
    .map((part) => store.uploads.find(part)?.size)
    .reduce((sum, size) => (sum === undefined || size === undefined ? undefined : sum + size), 0);
}

function expires({ context, response }: Exchange, upload: Upload): void {
  if (upload.state === "active")
    response.setHeader("upload-expires", new Date(context.store.expiresMs(upload)).toUTCString());
}

function digest({ response }: Exchange, { sha256, published }: Upload): void {
  if (sha256 !== undefined) response.setHeader("repr-digest", reprDigest(sha256));
  if (published !== undefined) response.setHeader("content-location", urlOf(published));
}

function unsupported(response: ServerResponse): void {
  send(response, 415, `Content-Type must be ${tus.contentType}`, "text/plain; charset=utf-8");
}

/** A name from the metadata that clients send; without one, the moment will do. */
function pathOf(metadata: ReadonlyMap<string, string>): { readonly dir: string; readonly name: string } {
  const name = metadata.get("filename") ?? metadata.get("name") ?? "";
  return { dir: checkDir(metadata.get("dir") ?? ""), name: name === "" ? "upload" : checkName(name) };
}

function textOf(header: string | string[] | undefined): string | undefined {
  return header?.toString();
}
