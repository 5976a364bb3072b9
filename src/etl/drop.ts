import { createReadStream } from "node:fs";

import * as z from "zod";

import { MetacoinError } from "../errors.ts";

import { call, describeAnswer, parseEvent, readJson, splitCredentials } from "./fault.ts";
import type { HandlerContext } from "./handler.ts";
import type { Reference } from "./reference.ts";

/** Our own `upload serve`, as it listens by default. */
const defaultDropUrl = "http://127.0.0.1:8080/drop";

type DropContext = Pick<HandlerContext, "env" | "fetch" | "store">;

/** Posts a text to the drop service in `LOAD_URL`; its JSON answer, as it is. */
export async function dropText(text: string, name: string, { env, fetch }: DropContext): Promise<unknown> {
  const body = new URLSearchParams({ text, name });
  const response = await call(
    fetch,
    dropUrl(env),
    { method: "POST", body, headers: authorize(env) },
    "The drop service",
  );
  if (!response.ok) throw new DropRefusedError(await describeAnswer(response, "The drop service"));
  return readJson(response, "The drop service");
}

const stateSchema = z.object({
  id: z.string(),
  state: z.string(),
  missing: z.array(z.tuple([z.number(), z.number()])),
  chunk: z.number(),
  sha256: z.string().nullable(),
  url: z.string().nullable(),
  reason: z.string().nullable(),
});

/**
 * Uploads a file of any size to the server behind `LOAD_URL`, exactly once: the server finds an upload again by name,
 * size and sha256, so after a crash the rest is sent, or nothing.
 */
export async function dropFile(
  file: Reference,
  name: string,
  { env, fetch, store }: DropContext,
): Promise<{ readonly url: string; readonly sha256: string; readonly size: number }> {
  const send = async (url: URL, init: Parameters<typeof call>[2]) => {
    const response = await call(fetch, url, init, "The upload server");
    if (!response.ok) throw new DropRefusedError(await describeAnswer(response, "The upload server"));
    return parseEvent(stateSchema, await readJson(response, "The upload server"));
  };
  const root = dropUrl(env);
  const json = { ...authorize(env), "content-type": "application/json" };
  const wanted = JSON.stringify({ name, size: file.size, sha256: file.sha256 });
  let upload = await send(new URL("/u", root), { method: "POST", body: wanted, headers: json });
  const content = await openAt(file, store);
  while (upload.state === "active") {
    const [next] = upload.missing;
    const [start, end] = next ?? [file.size, file.size];
    const stop = Math.min(end, start + upload.chunk);
    const url = new URL(`/u/${encodeURIComponent(upload.id)}?offset=${String(start)}`, root);
    const bytes = await content(start, stop);
    const left = leftOf(upload);
    upload = await send(url, { method: "PUT", body: new Blob([bytes]), headers: authorize(env) });
    if (next === undefined && upload.state === "active")
      throw new DropRefusedError(`${name} is whole but not published`);
    if (next !== undefined && leftOf(upload) >= left)
      throw new DropRefusedError(`The upload server took none of the bytes ${start}–${stop} of ${name}`);
  }
  if (upload.url === null || upload.sha256 === null)
    throw new DropRefusedError(`The upload of ${name} is ${upload.state}: ${upload.reason ?? "no reason given"}`);
  return { url: splitCredentials(new URL(upload.url, root)).url.href, sha256: upload.sha256, size: file.size };
}

/** How many bytes the server does not have yet. */
function leftOf({ missing }: z.infer<typeof stateSchema>): number {
  return missing.reduce((sum, [start, end]) => sum + end - start, 0);
}

/** Reads slices of a file of this machine without holding it whole. */
async function openAt(
  file: Reference,
  store: HandlerContext["store"],
): Promise<(start: number, stop: number) => Promise<Uint8Array<ArrayBuffer>>> {
  if (file.url.startsWith("file:"))
    return async (start, stop) => {
      if (stop === start) return new Uint8Array();
      const chunks = await Array.fromAsync(createReadStream(new URL(file.url), { start, end: stop - 1 }));
      return new Uint8Array(Buffer.concat(chunks));
    };
  const bytes = await store.get(file.name);
  if (bytes === undefined) throw new DropRefusedError(`${file.url} is not there any more`);
  return async (start, stop) => new Uint8Array(bytes.slice(start, stop));
}

function dropUrl(env: DropContext["env"]): URL {
  const url = env["LOAD_URL"] ?? defaultDropUrl;
  if (!URL.canParse(url)) throw new DropRefusedError("LOAD_URL is no address");
  return new URL(url);
}

function authorize(env: DropContext["env"]): Record<string, string> {
  const token = env["LOAD_TOKEN"];
  return token === undefined || token === "" ? {} : { authorization: `Bearer ${token}` };
}

class DropRefusedError extends MetacoinError {
  override readonly code = "DROP_REFUSED";
}
