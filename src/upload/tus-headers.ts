import type { IncomingHttpHeaders } from "node:http";

import { BadRequestError, TooLargeError, TooManyError } from "./failures.ts";
import { bounds, routes } from "./protocol.ts";

/** A header that is a whole, not negative number; undefined where it is missing. @throws {BadRequestError} */
export function parseNumber(headers: IncomingHttpHeaders, name: string): number | undefined {
  const text = headers[name];
  if (text === undefined) return undefined;
  if (typeof text !== "string" || !/^\d{1,16}$/u.test(text) || !Number.isSafeInteger(Number(text)))
    throw new BadRequestError(`${name} must be a whole number, not negative`);
  return Number(text);
}

/** The length a creation declares; undefined where it is deferred. @throws {BadRequestError} */
export function parseLength(headers: IncomingHttpHeaders): number | undefined {
  const length = parseNumber(headers, "upload-length");
  const defer = headers["upload-defer-length"];
  if (defer !== undefined && defer !== "1") throw new BadRequestError("Upload-Defer-Length takes 1");
  if ((length === undefined) === (defer === undefined))
    throw new BadRequestError("Either Upload-Length or Upload-Defer-Length: 1");
  return length;
}

/** `key base64,key,…`: keys are ASCII, not empty, each once; a value may be missing. @throws {BadRequestError} @throws {TooLargeError} */
export function parseMetadata(text: string | undefined): ReadonlyMap<string, string> {
  const metadata = new Map<string, string>();
  if (text === undefined || text === "") return metadata;
  if (text.length > bounds.metadata)
    throw new TooLargeError(`Upload-Metadata is longer than ${String(bounds.metadata)} bytes`);
  for (const pair of text.split(",")) {
    const [, key, base64 = ""] = /^ *([!-+\--~]+)(?: +([A-Za-z0-9+/]*={0,2}))? *$/u.exec(pair) ?? [];
    if (key === undefined || metadata.has(key))
      throw new BadRequestError("Upload-Metadata is no list of keys and base64 values");
    metadata.set(key, Buffer.from(base64, "base64").toString());
  }
  return metadata;
}

export type Concat =
  | { readonly kind: "whole" | "partial" }
  | { readonly kind: "final"; readonly parts: readonly string[] };

/** `partial`, or `final;URL URL …` of uploads here. @throws {BadRequestError} */
export function parseConcat(text: string | undefined): Concat {
  if (text === undefined) return { kind: "whole" };
  if (text === "partial") return { kind: "partial" };
  const [, list] = /^final; *(\S.*)$/u.exec(text) ?? [];
  if (list === undefined) throw new BadRequestError("Upload-Concat takes partial, or final; and the uploads");
  const urls = list.split(" ").filter((url) => url !== "");
  if (urls.length > bounds.concatenated) throw new TooManyError(`More than ${String(bounds.concatenated)} parts`);
  return { kind: "final", parts: urls.map(idOf) };
}

function idOf(url: string): string {
  const path = URL.parse(url, "http://localhost/")?.pathname ?? "";
  const [, id] = /^\/files\/([0-9a-f]{32})\/?$/u.exec(path) ?? [];
  if (id === undefined) throw new BadRequestError(`${url.slice(0, 200)} is no upload below ${routes.tus}`);
  return id;
}
