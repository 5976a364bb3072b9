import type { UploadsAnswer } from "../api-types.ts";
import type { UploadAnswer } from "../protocol.ts";
import { call } from "./calls.ts";
import { crc32 } from "./crc32.ts";

/** How an upload is to go on. */
export type Start =
  | { readonly kind: "send"; readonly key: string; readonly have: UploadAnswer["have"] }
  /** Every byte was there already; it only had to be published. */
  | { readonly kind: "done"; readonly answer: UploadAnswer };

const sampleBytes = 64 * 1024;
const samples = 16;

/**
 * What the same file has again after a reload, and another file has not: size, date, and a sum of samples all over it.
 * The server compares it, and every byte that overlaps; nothing is kept in the browser.
 */
export async function fingerprint(file: File): Promise<string> {
  const last = Math.max(0, file.size - sampleBytes);
  let sum = 0;
  for (let index = 0; index < samples; index += 1) {
    const start = Math.floor((last * index) / (samples - 1));
    sum = crc32(new Uint8Array(await file.slice(start, start + sampleBytes).arrayBuffer()), sum);
  }
  return [file.size, file.lastModified, sum].map((part) => part.toString(36)).join("-");
}

/** Finds the unfinished upload of this file into this directory, or starts a new one. */
export async function findStart(print: string, { dir, name }: { dir: string; name: string }): Promise<Start> {
  const { uploads } = await call<UploadsAnswer>("GET", "/api/uploads");
  const same = uploads.find((one) => one.key?.startsWith(`${print}.`) === true && one.dir === dir && one.name === name);
  if (same?.key === undefined || same.key === null) return { kind: "send", key: newKey(print), have: [] };
  const answer = await call<UploadAnswer>("GET", `/u/${same.id}/ranges`);
  if (answer.state === "done") return { kind: "done", answer };
  if (answer.state !== "active") return { kind: "send", key: newKey(print), have: [] };
  return { kind: "send", key: same.key, have: answer.have };
}

export function isHere(have: UploadAnswer["have"], start: number, end: number): boolean {
  return start < end && have.some(([from, to]) => from <= start && end <= to);
}

/** The random half tells a new upload from one that ended, such as one whose file was deleted since. */
function newKey(print: string): string {
  const random = crypto.getRandomValues(new Uint32Array(2));
  return [print, ...random].map(String).join(".");
}
