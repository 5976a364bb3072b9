import { createHash } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";

import { urlOf } from "./answer.ts";
import { BadRequestError, NameTakenError, TooLargeError } from "./failures.ts";
import { checkDir, checkName, joinPath, quote } from "./names.ts";
import { bounds } from "./protocol.ts";
import { receiveSmall } from "./receive.ts";
import { sendJson } from "./respond.ts";
import type { Context } from "./transfer.ts";

/**
 * `POST /drop`, url-encoded `text`, optional `name` and `dir`: answers `{url, sha256, size, dir, name}`.
 *
 * Without a name it gets one from its digest, so the same text twice is one file; 409 where the name has other content.
 */
export async function serveDrop(context: Context, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { store, rate, metrics, log } = context;
  if (!/^application\/x-www-form-urlencoded\b/iu.test(request.headers["content-type"] ?? ""))
    throw new BadRequestError("This takes application/x-www-form-urlencoded with a field text");
  const body = await receiveSmall(
    { request, response, rate },
    // Each byte may take three when it is url-encoded.
    { bytes: 3 * bounds.text, error: () => new TooLargeError(`The text is longer than ${String(bounds.text)} bytes`) },
  );
  metrics.received(body.length);
  const form = new URLSearchParams(body.toString());
  const text = form.get("text");
  if (text === null) throw new BadRequestError("The field text is missing");
  const bytes = Buffer.from(text);
  if (bytes.length > bounds.text) throw new TooLargeError(`The text is longer than ${String(bounds.text)} bytes`);
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  const name = checkName(form.get("name") ?? `text-${sha256.slice(0, 16)}.txt`);
  const path = { dir: checkDir(form.get("dir") ?? ""), name };
  const there = store.files.find(path);
  if (there !== undefined && there.sha256 !== sha256)
    throw new NameTakenError(`${quote(joinPath(path))} already exists, with other content`);
  if (there === undefined) await keep(context, { ...path, sha256, bytes });
  log("info", `text ${quote(joinPath(path))} has been dropped: ${String(bytes.length)} bytes`);
  sendJson(response, there === undefined ? 201 : 200, { url: urlOf(path), sha256, size: bytes.length, ...path });
}

async function keep(
  { store: { uploads, files } }: Context,
  {
    dir,
    name,
    sha256,
    bytes,
  }: { readonly dir: string; readonly name: string; readonly sha256: string; readonly bytes: Buffer },
): Promise<void> {
  files.makeDirectory(dir);
  const { id } = uploads.create({ via: "drop", dir, name, size: bytes.length, declared: sha256 });
  try {
    const hold = await uploads.hold(id, [0, bytes.length]);
    try {
      await hold.write([bytes]);
      hold.commit();
    } finally {
      hold.release();
    }
    await uploads.finish(id);
  } catch (error) {
    // The client has the text still, and nobody could resume this.
    await uploads.remove(id);
    throw error;
  }
}
