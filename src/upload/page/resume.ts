import type { PiecesAnswer, UploadsAnswer } from "../api-types.ts";
import type { UploadAnswer } from "../protocol.ts";
import { call, query } from "./calls.ts";
import { crc32 } from "./crc32.ts";

type Range = readonly [start: number, end: number];

/** How an upload is to go on. */
export type Start =
  | { readonly kind: "send"; readonly key: string; readonly have: readonly Range[] }
  /** Every byte was there already; it only had to be published. */
  | { readonly kind: "done"; readonly answer: UploadAnswer };

const sampleBytes = 64 * 1024;
const samples = 16;
const readBytes = 4 * 1024 * 1024;

/**
 * Finds the unfinished upload of this file into this directory, or starts a new one.
 *
 * Size, date and samples tell which upload may be of this file; then every byte that the server has is compared, by its
 * crc32, with the file. Nothing is kept in the browser.
 *
 * @param onCompared told of the bytes that are the same so far; it may throw to end it.
 */
export async function findStart(file: File, dir: string, onCompared: (bytes: number) => void): Promise<Start> {
  const print = await fingerprint(file);
  const { uploads } = await call<UploadsAnswer>("GET", "/api/uploads");
  const mayBe = uploads.filter(
    ({ key, ...one }) => key?.startsWith(`${print}.`) === true && one.dir === dir && one.name === file.name,
  );
  for (const { id, key } of mayBe) {
    const { pieces } = await call<PiecesAnswer>("GET", `/api/pieces${query({ id })}`);
    if (key === null || !(await isSame(file, pieces, onCompared))) continue;
    const answer = await call<UploadAnswer>("GET", `/u/${id}/ranges`);
    if (answer.state === "done") return { kind: "done", answer };
    if (answer.state === "active") return { kind: "send", key, have: join(pieces) };
  }
  // The random half tells a new upload from one that ended, such as one whose file was deleted since.
  const random = crypto.getRandomValues(new Uint32Array(2));
  return { kind: "send", key: [print, ...random].map(String).join("."), have: [] };
}

export function isHere(have: readonly Range[], start: number, end: number): boolean {
  return start < end && have.some(([from, to]) => from <= start && end <= to);
}

/** What the same file has again after a reload, and another file hardly has. */
async function fingerprint(file: File): Promise<string> {
  const last = Math.max(0, file.size - sampleBytes);
  let sum = 0;
  for (let index = 0; index < samples; index += 1) {
    const start = Math.floor((last * index) / (samples - 1));
    sum = crc32(await read(file, start, start + sampleBytes), sum);
  }
  return [file.size, file.lastModified, sum].map((part) => part.toString(36)).join("-");
}

async function isSame(
  file: File,
  pieces: PiecesAnswer["pieces"],
  onCompared: (bytes: number) => void,
): Promise<boolean> {
  let compared = 0;
  for (const [start, end, wanted] of pieces) {
    let sum = 0;
    for (let at = start; at < end; at += readBytes) {
      const bytes = await read(file, at, Math.min(end, at + readBytes));
      sum = crc32(bytes, sum);
      compared += bytes.length;
      onCompared(compared);
    }
    if (sum !== wanted) return false;
  }
  return true;
}

async function read(file: File, start: number, end: number): Promise<Uint8Array> {
  return new Uint8Array(await file.slice(start, end).arrayBuffer());
}

/** Pieces that touch are one range; they come in ascending order. */
function join(pieces: PiecesAnswer["pieces"]): readonly Range[] {
  const joined: [number, number][] = [];
  for (const [start, end] of pieces) {
    const last = joined.at(-1);
    if (last?.[1] === start) last[1] = end;
    else joined.push([start, end]);
  }
  return joined;
}
