import type { UploadRows } from "./catalogue-uploads.ts";
import type { Upload } from "./core.ts";

/**
 * Whether nothing has come since: neither to it, nor to a part of it; and no concatenation that is still to be made
 * waits for it.
 */
export function isIdle({ id, touchedMs, tus }: Upload, beforeMs: number, uploads: UploadRows): boolean {
  const touches = (tus?.parts ?? []).map((part) => uploads.find(part)?.touchedMs ?? 0);
  return Math.max(touchedMs, ...touches) <= beforeMs && !isIn(id, "active", uploads);
}

/** A part of what was concatenated, and of nothing that is still to be. */
export function isSpent({ id }: Upload, uploads: UploadRows): boolean {
  return isIn(id, "done", uploads) && !isIn(id, "active", uploads);
}

function isIn(part: string, state: Upload["state"], uploads: UploadRows): boolean {
  return uploads.finalsOf(part).some((final) => uploads.find(final)?.state === state);
}
