import type { IncomingMessage, ServerResponse } from "node:http";
import { pipeline } from "node:stream/promises";

import { reprDigest } from "./answer.ts";
import type { FilePath, StoredFile } from "./core.ts";
import { NotFoundError } from "./failures.ts";
import { joinPath, quote, splitPath } from "./names.ts";
import { routes } from "./protocol.ts";
import type { Context } from "./transfer.ts";

const readSize = 256 * 1024;

/** `GET /f/[DIR/]NAME`: always an attachment, whatever it holds. */
export async function serveFile(
  context: Context,
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
): Promise<void> {
  if (request.method !== "GET" && request.method !== "HEAD") throw new NotFoundError("Files are read with GET");
  await sendFile(context, request, response, pathOf(url));
}

/** Answers with a published file, or the part of it that was asked for. */
export async function sendFile(
  { store, log, rate }: Context,
  request: IncomingMessage,
  response: ServerResponse,
  path: FilePath,
): Promise<void> {
  const file = store.files.find(path);
  if (file === undefined) throw new NotFoundError(`There is no file ${quote(joinPath(path))}`);
  const { status, range } = choose(request, file);
  const [start, end] = range ?? [0, 0];
  const isEmpty = end === start || request.method === "HEAD";
  // Before the head: a content that is not there is a failure with an answer.
  const handle = isEmpty ? undefined : await store.open(file.sha256);
  response.writeHead(status, {
    ...headersOf(file),
    ...(status === 304 ? {} : { "content-length": end - start }),
    ...(status === 206 ? { "content-range": `bytes ${String(start)}-${String(end - 1)}/${String(file.size)}` } : {}),
    ...(status === 416 ? { "content-range": `bytes */${String(file.size)}` } : {}),
  });
  if (handle === undefined) {
    response.end();
    return;
  }
  response.setTimeout(2 * rate.windowMs, () => response.destroy());
  try {
    await pipeline(handle.createReadStream({ start, end: end - 1, highWaterMark: readSize }), response);
  } catch (error) {
    log("warn", `download of ${quote(joinPath(path))} ended early: ${error instanceof Error ? error.message : ""}`);
    response.destroy();
  }
}

function headersOf({ name, sha256 }: StoredFile): Record<string, string> {
  return {
    "content-type": "application/octet-stream",
    "content-disposition": attachment(name),
    "content-security-policy": "default-src 'none'; sandbox",
    "x-content-type-options": "nosniff",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "private, no-cache",
    "accept-ranges": "bytes",
    etag: `"${sha256}"`,
    "repr-digest": reprDigest(sha256),
  };
}

/** RFC 6266: a plain name for old programs, and the real one. */
export function attachment(name: string): string {
  const plain = name.replace(/[^\w .()-]/gu, "_");
  const full = encodeURIComponent(name).replace(
    /['()*]/gu,
    (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `attachment; filename="${plain}"; filename*=UTF-8''${full}`;
}

type Choice = { readonly status: 200 | 206 | 304 | 412 | 416; readonly range: readonly [number, number] | undefined };

/** RFC 9110, 13 and 14: preconditions first; one range; a range for another version is answered with the whole. */
function choose({ headers, method }: IncomingMessage, { size, sha256 }: StoredFile): Choice {
  const etag = `"${sha256}"`;
  const names = (list: string | undefined) => list?.split(",").map((one) => one.trim().replace(/^W\//u, ""));
  const wanted = names(headers["if-match"]);
  if (wanted !== undefined && !wanted.includes(etag) && !wanted.includes("*")) return { status: 412, range: undefined };
  const known = names(headers["if-none-match"]);
  if (known !== undefined && (known.includes(etag) || known.includes("*"))) return { status: 304, range: undefined };
  const whole: Choice = { status: 200, range: [0, size] };
  const version = headers["if-range"];
  // Of the methods, Range means something to GET alone (RFC 9110, 14.2).
  if (method === "HEAD" || (version !== undefined && version !== etag)) return whole;
  const [, from, to] = /^bytes=(\d{0,16})-(\d{0,16})$/iu.exec(headers.range ?? "") ?? [];
  if (from === undefined || to === undefined || (from === "" && to === "")) return whole;
  const start = from === "" ? Math.max(0, size - Number(to)) : Number(from);
  const end = from === "" || to === "" ? size : Math.min(size, Number(to) + 1);
  if (from !== "" && to !== "" && Number(to) < Number(from)) return whole;
  return start >= end ? { status: 416, range: undefined } : { status: 206, range: [start, end] };
}

function pathOf(url: URL): FilePath {
  try {
    // Split before decoding: an encoded slash is part of a name, and no name may have one.
    const names = url.pathname
      .slice(routes.files.length + 1)
      .split("/")
      .map(decodeURIComponent);
    if (names.some((name) => name.includes("/"))) throw new NotFoundError("No name holds a slash");
    return splitPath(names.join("/"));
  } catch (cause) {
    throw new NotFoundError("There is no such file", { cause });
  }
}
