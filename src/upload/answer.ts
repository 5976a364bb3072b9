import type { FilePath, Range, Store, Upload } from "./core.ts";
import { joinPath } from "./names.ts";
import { proposed, routes, type UploadAnswer } from "./protocol.ts";
import { createRangeSet } from "./ranges.ts";

/** What the raw protocol says about an upload. */
export function answerOf(store: Store, upload: Upload): UploadAnswer {
  const { id, state, dir, name, size, sha256, published, reason } = upload;
  const have = rangesOf(store, upload);
  return {
    id,
    state,
    dir,
    name,
    size: size ?? null,
    have,
    missing: createRangeSet(have).missing(size ?? 0),
    ...proposed,
    expires: state === "active" ? new Date(store.expiresMs(upload)).toISOString() : null,
    sha256: sha256 ?? null,
    url: published === undefined ? null : urlOf(published),
    reason: reason ?? null,
  };
}

/** Of a published file nothing is missing, also where the upload that brought it is forgotten. */
function rangesOf({ uploads }: Store, { id, state, size }: Upload): readonly Range[] {
  if (state === "active") return uploads.ranges(id);
  return state === "done" && size !== undefined && size > 0 ? [[0, size]] : [];
}

/** Where a file is downloaded, relative to the server's root. */
export function urlOf(path: FilePath): string {
  return `${routes.files}/${joinPath(path).split("/").map(encodeURIComponent).join("/")}`;
}

/** RFC 9530: `sha-256=:base64:`. */
export function reprDigest(sha256: string): string {
  return `sha-256=:${Buffer.from(sha256, "hex").toString("base64")}:`;
}
