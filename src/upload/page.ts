import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

import { build, stop } from "esbuild";

import type { Handler } from "./respond.ts";

type Asset = { readonly type: string; readonly body: Buffer; readonly etag: string };

const sources: Readonly<Record<string, { type: string; load: () => Promise<Buffer> }>> = {
  "/": { type: "text/html; charset=utf-8", load: () => readFile(new URL("page/index.html", import.meta.url)) },
  "/page.css": { type: "text/css; charset=utf-8", load: () => readFile(new URL("page/style.css", import.meta.url)) },
  "/page.js": { type: "text/javascript; charset=utf-8", load: bundle },
};

/** Nothing from elsewhere, nothing inline, no text that becomes markup, in nobody's frame. */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src data:",
  "connect-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join("; ");

/** Serves the web page: `/`, its style and its script, which is bundled with Dropzone on the first request. */
export function createPage(): Handler {
  const assets = new Map<string, Promise<Asset>>();
  return async (request, response, { pathname }) => {
    const source = sources[pathname];
    if (source === undefined || (request.method !== "GET" && request.method !== "HEAD")) return false;
    const pending = assets.get(pathname) ?? loadAsset(source);
    assets.set(pathname, pending);
    const { type, body, etag } = await pending.catch((error: unknown) => {
      assets.delete(pathname);
      throw error;
    });
    const fresh = request.headers["if-none-match"] === etag;
    response.writeHead(fresh ? 304 : 200, {
      ...(fresh ? {} : { "content-type": type, "content-length": body.length }),
      etag,
      "cache-control": "no-cache",
      "content-security-policy": policy,
      "x-content-type-options": "nosniff",
      "referrer-policy": "no-referrer",
      "cross-origin-opener-policy": "same-origin",
      "cross-origin-resource-policy": "same-origin",
    });
    response.end(fresh || request.method === "HEAD" ? undefined : body);
    return true;
  };
}

async function loadAsset({ type, load }: { type: string; load: () => Promise<Buffer> }): Promise<Asset> {
  const body = await load();
  return { type, body, etag: `"${createHash("sha256").update(body).digest("base64url")}"` };
}

async function bundle(): Promise<Buffer> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL("page/main.ts", import.meta.url))],
    bundle: true,
    write: false,
    format: "esm",
    target: "es2022",
    minify: true,
    charset: "utf8",
    legalComments: "inline",
  });
  // Its process would wait for more, for as long as this server runs.
  await stop();
  return Buffer.from(outputFiles[0]?.contents ?? []);
}
