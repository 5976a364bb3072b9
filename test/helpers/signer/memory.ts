import { closeSync, openSync, readFileSync, readSync } from "node:fs";

const chunkBytes = 256 * 1024;

const pageBytes = 4096;

/** Which of the needles stand anywhere in a process: its memory (as root), its environment or its arguments. */
export function findInProcess(pid: number, needles: readonly Buffer[]): string[] {
  const places: string[] = [];
  for (const name of ["environ", "cmdline"]) {
    const bytes = readFileSync(`/proc/${String(pid)}/${name}`);
    if (needles.some((needle) => bytes.includes(needle))) places.push(name);
  }
  const longest = Math.max(...needles.map(({ length }) => length));
  const memory = openSync(`/proc/${String(pid)}/mem`, "r");
  const pages = openSync(`/proc/${String(pid)}/pagemap`, "r");
  try {
    for (const [start, end] of readableRegions(pid))
      for (let at = start; at < end; at += chunkBytes) {
        if (!isInUse(pages, at, Math.min(chunkBytes, end - at))) continue;
        const bytes = readAt(memory, at, Math.min(chunkBytes + longest, end - at));
        if (needles.some((needle) => bytes.includes(needle))) places.push(`memory at ${at.toString(16)}`);
      }
  } finally {
    closeSync(memory);
    closeSync(pages);
  }
  return places;
}

/** A secret text as it may stand in memory: Latin-1 and UTF-8 alike, or two bytes a character, as V8 may keep it. */
export function spellings(text: string): Buffer[] {
  return [Buffer.from(text), Buffer.from(text, "utf16le")];
}

/** What is mapped, readable and in use; a file that is mapped read-only is still a file, and those are searched as such. */
function readableRegions(pid: number): [number, number][] {
  const regions: [number, number][] = [];
  let current: [number, number] | undefined;
  for (const line of readFileSync(`/proc/${String(pid)}/smaps`, "utf8").split("\n")) {
    const [, start, end, write, inode] = /^([0-9a-f]+)-([0-9a-f]+) r(.)\S+ \S+ \S+ (\d+)/u.exec(line) ?? [];
    if (start !== undefined && end !== undefined)
      current = write === "w" || inode === "0" ? [Number.parseInt(start, 16), Number.parseInt(end, 16)] : undefined;
    else if (/^[0-9a-f]+-/u.test(line)) current = undefined;
    else if (current !== undefined && /^Rss: +[1-9]/u.test(line)) regions.push(current);
  }
  return regions;
}

/** Whether any page is there or swapped out (the two top bits of its 64 in pagemap): most of what V8 reserves never is. */
function isInUse(pages: number, start: number, length: number): boolean {
  const entries = readAt(pages, (start / pageBytes) * 8, Math.ceil(length / pageBytes) * 8);
  for (let at = 7; at < entries.length; at += 8) if (((entries[at] ?? 0) & 0xc0) !== 0) return true;
  return false;
}

/** A page may go, or never have been there: an unreadable one holds nothing. */
function readAt(memory: number, position: number, length: number): Buffer {
  const bytes = Buffer.allocUnsafe(length);
  try {
    return bytes.subarray(0, readSync(memory, bytes, 0, length, position));
  } catch {
    return Buffer.alloc(0);
  }
}
