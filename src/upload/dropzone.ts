import type { IncomingMessage, ServerResponse } from "node:http";

import { messageOf } from "../errors.ts";
import { reprDigest, urlOf } from "./answer.ts";
import type { Hold, Upload } from "./core.ts";
import { BadRequestError, NameTakenError, TooLargeError, UploadError, type CutError } from "./failures.ts";
import { checkDir, checkName, quote } from "./names.ts";
import { boundaryOf, createMultipartParser } from "./multipart.ts";
import { dropzone } from "./protocol.ts";
import { createGather, lengthOf, receive, type Gather } from "./receive.ts";
import { send } from "./respond.ts";
import { committer, type Context } from "./transfer.ts";

const plain = "text/plain; charset=utf-8";

/** What the fields before the file say about it. */
type Chunk = {
  readonly uuid: string;
  readonly index: number;
  readonly count: number;
  readonly total: number;
  readonly offset: number;
  /** Bytes this chunk must have. */
  readonly length: number;
};

/** `POST /upload`, as Dropzone sends it: a chunk with its dz… fields, or a whole small file without. */
export async function serveDropzone(
  context: Context,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  try {
    const { upload, chunk } = await receiveForm(context, request, response);
    const { log } = context;
    if (chunk !== undefined)
      log("info", `chunk ${String(chunk.index + 1)} of ${String(chunk.count)} for ${quote(upload.name)} complete`);
    if (upload.state !== "done" || upload.sha256 === undefined) return send(response, 200, dropzone.chunkDone, plain);
    log("info", `file ${quote(upload.name)} has been uploaded: ${String(upload.size)} bytes, sha256 ${upload.sha256}`);
    response.setHeader("repr-digest", reprDigest(upload.sha256));
    if (upload.published !== undefined) response.setHeader("location", urlOf(upload.published));
    send(response, 200, `${dropzone.chunkDone}\nsha256 ${upload.sha256}`, plain);
  } catch (error) {
    const { status, text } = explain(error);
    context.log(status >= 500 ? "error" : "warn", `upload refused with ${String(status)}: ${messageOf(error)}`);
    if (status === 507) response.setHeader("retry-after", "60");
    send(response, status, text, plain);
  }
}

/** The words of the tutorials where they have some, otherwise the reason. */
function explain(error: unknown): { readonly status: number; readonly text: string } {
  if (error instanceof NameTakenError) return { status: 400, text: dropzone.exists };
  if (error instanceof SizeMismatchError) return { status: 500, text: dropzone.sizeMismatch };
  if (error instanceof UploadError) return { status: error.status, text: error.message };
  return { status: 500, text: "The file could not be written; the server's log says why" };
}

/** The file part, while it is written. */
type Target = { readonly id: string; readonly hold: Hold; readonly gather: Gather };

async function receiveForm(
  context: Context,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<{ readonly upload: Upload; readonly chunk: Chunk | undefined }> {
  const { store, rate, metrics } = context;
  const fields = new Map<string, string>();
  let chunk: Chunk | undefined;
  let opening: Promise<Target> | undefined;
  let target: Target | undefined;
  let early: Buffer[] = [];
  let bytes = 0;

  const open = async (filename: string): Promise<Target> => {
    chunk = chunkOf(fields);
    const upload = openUpload(context, { filename, fields, chunk, length: lengthOf(request) });
    const range =
      chunk === undefined ? ([0, store.maxSize] as const) : ([chunk.offset, chunk.offset + chunk.length] as const);
    const hold = await store.uploads.hold(upload.id, range);
    target = { id: upload.id, hold, gather: createGather(hold, committer(store, upload.id, hold)) };
    // What came while another request wrote the same bytes.
    for (const slice of early) target.gather.push(slice);
    early = [];
    return target;
  };
  const parser = createMultipartParser(boundaryOf(request.headers["content-type"]), {
    onField: (name, value) => {
      if (opening !== undefined && name.startsWith("dz"))
        throw new BadRequestError(`The field ${name} must come before the file`);
      fields.set(name, value);
    },
    onFile: (_, filename) => {
      opening = open(filename);
      // Whoever waits for it sees why it failed.
      opening.catch(() => undefined);
    },
    onData: (slice) => {
      bytes += slice.length;
      if (chunk === undefined && bytes > store.maxSize)
        throw new TooLargeError(`The file has more than ${String(store.maxSize)} bytes`);
      if (chunk !== undefined && bytes > chunk.length)
        throw new SizeMismatchError(`${String(bytes)} bytes in a chunk of ${String(chunk.length)}`);
      if (target === undefined) early.push(slice);
      else target.gather.push(slice);
    },
    onFileEnd: () => undefined,
  });
  const take = (slice: Buffer) => {
    metrics.received(slice.length);
    parser.push(slice);
  };
  const full = () =>
    opening !== undefined && target === undefined ? opening.then(() => target?.gather.full()) : target?.gather.full();
  let cut: CutError | undefined;
  try {
    cut = await receive({ request, response, rate, take, full });
    const { id, gather } = await (opening ?? Promise.reject(new BadRequestError("The form has no file")));
    await gather.flush();
    if (cut !== undefined) throw cut;
    parser.end();
    if (chunk === undefined) store.uploads.declareSize(id, bytes);
    else if (bytes !== chunk.length)
      throw new SizeMismatchError(`${String(bytes)} bytes in a chunk of ${String(chunk.length)}`);
    const now = store.uploads.get(id);
    const upload = now.size === now.received ? await store.uploads.finish(id) : undefined;
    return { upload: upload ?? now, chunk };
  } catch (error) {
    // Nobody can resume what has no uuid.
    if (target !== undefined && chunk === undefined) await store.uploads.remove(target.id);
    throw error;
  } finally {
    await opening?.catch(() => undefined);
    await target?.gather.settle();
    target?.hold.release();
  }
}

function openUpload(
  { store }: Context,
  given: {
    readonly filename: string;
    readonly fields: ReadonlyMap<string, string>;
    readonly chunk: Chunk | undefined;
    readonly length: number | undefined;
  },
): Upload {
  const { uploads } = store;
  const path = { name: checkName(given.filename), dir: checkDir(given.fields.get("dir") ?? "") };
  if (given.chunk === undefined) {
    store.files.needFree(path);
    const upload = uploads.create({ ...path, via: "dropzone", size: undefined });
    store.admitBytes(upload, given.length ?? 0);
    return upload;
  }
  const { uuid, total, length } = given.chunk;
  const known = uploads.findByKey("dropzone", uuid);
  if (known !== undefined && (known.name !== path.name || known.dir !== path.dir || known.size !== total))
    throw new BadRequestError("Another file is uploaded under this dzuuid");
  const upload = known ?? uploads.create({ ...path, via: "dropzone", size: total, key: uuid });
  store.admitBytes(upload, length);
  return upload;
}

/** undefined where the form has no dz… fields. @throws {BadRequestError} */
function chunkOf(fields: ReadonlyMap<string, string>): Chunk | undefined {
  const uuid = fields.get("dzuuid");
  if (uuid === undefined) return undefined;
  if (!/^[\w.-]{1,128}$/u.test(uuid)) throw new BadRequestError("dzuuid must be letters, digits and dashes");
  const number = (name: string, fallback?: number): number => {
    const text = fields.get(name) ?? fallback?.toString() ?? "";
    if (!/^\d{1,16}$/u.test(text) || !Number.isSafeInteger(Number(text)))
      throw new BadRequestError(`${name} must be a whole number`);
    return Number(text);
  };
  const [index, total, size] = [number("dzchunkindex"), number("dztotalfilesize"), number("dzchunksize")];
  const offset = number("dzchunkbyteoffset", index * size);
  const count = number("dztotalchunkcount");
  if (offset > total)
    throw new SizeMismatchError(`The chunk begins at ${String(offset)}, after the end at ${String(total)}`);
  return { uuid, index, count, total, offset, length: Math.min(size, total - offset) };
}

/** A chunk is longer or shorter than its fields say. */
class SizeMismatchError extends TooLargeError {}
