import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";

import { z } from "zod";

import { answerOf } from "./answer.ts";
import type { Upload } from "./core.ts";
import { BadRequestError, DigestMismatchError, NotFoundError, TooLargeError } from "./failures.ts";
import { checkDir, checkName, quote } from "./names.ts";
import { bounds, routes } from "./protocol.ts";
import { lengthOf, receiveSmall } from "./receive.ts";
import { sendJson } from "./respond.ts";
import { transfer, type Context, type Verifier } from "./transfer.ts";

const newUpload = z.strictObject({
  name: z.string(),
  dir: z.string().default(""),
  size: z.int().min(0),
  sha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/u)
    .optional(),
});

/** `POST /u`, `PUT /u/ID?offset=`, `GET /u/ID/ranges`, `DELETE /u/ID`; see protocol.ts. */
export async function serveRaw(
  context: Context,
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
): Promise<void> {
  const { uploads } = context.store;
  const [id, what, ...more] = url.pathname.slice(routes.raw.length + 1).split("/");
  const verb = [request.method, id === undefined || id === "" ? "" : "ID", ...(what === undefined ? [] : [what])].join(
    " ",
  );
  if (more.length > 0 || id === undefined) throw new NotFoundError("There is nothing here");
  if (verb === "POST ") return createRaw(context, request, response);
  if (verb === "PUT ID") return putRange(context, request, response, { id, offset: offsetOf(url) });
  if (verb === "GET ID ranges") {
    const upload = uploads.get(id);
    const finished = upload.size === upload.received ? await uploads.finish(id) : undefined;
    return sendJson(response, 200, answerOf(context.store, finished ?? upload));
  }
  if (verb !== "DELETE ID") throw new NotFoundError("There is nothing here");
  await uploads.remove(id);
  response.writeHead(204).end();
}

async function createRaw(context: Context, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = await receiveSmall(
    { request, response, rate: context.rate },
    { bytes: bounds.json, error: () => new TooLargeError("The request is too long") },
  );
  const { name, dir, size, sha256 } = parse(body);
  const path = { name: checkName(name), dir: checkDir(dir) };
  const { store, log } = context;
  // Also of an upload that goes on: its directory may have been removed since.
  store.files.makeDirectory(path.dir);
  const known = sha256 === undefined ? undefined : findSame(context, { ...path, size, sha256 });
  if (known !== undefined) return sendJson(response, 200, answerOf(store, known));
  const upload = store.uploads.create({ ...path, via: "raw", size, declared: sha256 });
  log("info", `upload of ${quote(upload.name)} begins: ${String(size)} bytes`);
  const finished = size === 0 ? await store.uploads.finish(upload.id) : undefined;
  sendJson(response, 201, answerOf(store, finished ?? upload));
}

type Same = { readonly dir: string; readonly name: string; readonly size: number; readonly sha256: string };

/** The unfinished upload of the same file, or the published file in the shape of an upload. */
function findSame({ store }: Context, file: Same): Upload | undefined {
  const unfinished = store.uploads.findSame(file);
  if (unfinished !== undefined) return unfinished;
  const there = store.files.find(file);
  if (there?.sha256 !== file.sha256) return undefined;
  const { dir, name, size, sha256, createdMs } = there;
  return {
    id: "",
    via: "raw",
    key: undefined,
    dir,
    name,
    size,
    received: size,
    state: "done",
    declared: sha256,
    sha256,
    published: { dir, name },
    reason: undefined,
    createdMs,
    touchedMs: createdMs,
    tus: undefined,
  };
}

async function putRange(
  context: Context,
  request: IncomingMessage,
  response: ServerResponse,
  { id, offset }: { readonly id: string; readonly offset: number },
): Promise<void> {
  const { store, log } = context;
  const upload = store.uploads.get(id);
  const size = upload.size ?? store.maxSize;
  const length = lengthOf(request);
  const end = offset + (length ?? size - offset);
  if (offset > size || end > size)
    throw new TooLargeError(`Byte ${String(end)} is beyond the upload's ${String(size)}`);
  store.admitBytes(upload, length ?? 0);
  const verifier = contentDigest(request);
  const { bytes, cut } = await transfer(context, { request, response, id, range: [offset, end], verifier });
  if (cut !== undefined) {
    log("warn", `${quote(upload.name)} from ${String(offset)}: ${String(bytes)} bytes, then: ${cut.message}`);
    throw cut;
  }
  log("info", `bytes ${String(offset)} to ${String(offset + bytes)} of ${quote(upload.name)} complete`);
  const now = store.uploads.get(id);
  const finished = now.size === now.received ? await store.uploads.finish(id) : undefined;
  if (finished !== undefined && now.state !== "done") log("info", `file ${quote(upload.name)} has been uploaded`);
  sendJson(response, 200, answerOf(store, finished ?? now));
}

function parse(body: Buffer) {
  try {
    return newUpload.parse(JSON.parse(body.toString()));
  } catch (cause) {
    throw new BadRequestError("This takes {name, dir?, size, sha256?} as JSON, the sha256 in lower-case hex", {
      cause,
    });
  }
}

function offsetOf(url: URL): number {
  const text = url.searchParams.get("offset") ?? "";
  if (!/^\d{1,16}$/u.test(text)) throw new BadRequestError("?offset= must be a whole number of bytes");
  return Number(text);
}

/** RFC 9530; the first algorithm we know counts. */
function contentDigest({ headers }: IncomingMessage): Verifier | undefined {
  const given = headers["content-digest"];
  if (given === undefined) return undefined;
  const [, name, base64 = ""] = /(?:^|,)\s*sha-(256|512)=:([A-Za-z0-9+/=]+):/u.exec(String(given)) ?? [];
  if (name === undefined) throw new BadRequestError("Content-Digest must hold sha-256 or sha-512");
  const hash = createHash(`sha${name}`);
  return {
    update: (bytes) => void hash.update(bytes),
    verify: () => {
      const [is, wanted] = [hash.digest(), Buffer.from(base64, "base64")];
      if (is.length !== wanted.length || !timingSafeEqual(is, wanted))
        throw new DigestMismatchError("The body does not have its Content-Digest");
    },
  };
}
