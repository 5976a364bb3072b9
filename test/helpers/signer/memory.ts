import { closeSync, openSync, readFileSync, readSync } from "node:fs";

const chunkBytes = 4 * 1024 * 1024;

/** Which of the needles stand anywhere in a process: its memory (as root), its environment or its arguments. */
export function findInProcess(pid: number, needles: readonly Buffer[]): string[] {
  const places: string[] = [];
  for (const name of ["environ", "cmdline"]) {
    const bytes = readFileSync(`/proc/${String(pid)}/${name}`);
    if (needles.some((needle) => bytes.includes(needle))) places.push(name);
  }
  const longest = Math.max(...needles.map(({ length }) => length));
  const memory = openSync(`/proc/${String(pid)}/mem`, "r");
  try {
    for (const [start, end] of readableRegions(pid))
      for (let at = start; at < end; at += chunkBytes) {
        const bytes = readAt(memory, at, Math.min(chunkBytes + longest, end - at));
        if (needles.some((needle) => bytes.includes(needle))) places.push(`memory at ${at.toString(16)}`);
      }
  } finally {
    closeSync(memory);
  }
  return places;
}

/** A secret text as it may stand in memory: Latin-1 and UTF-8 alike, or two bytes a character, as V8 may keep it. */
export function spellings(text: string): Buffer[] {
  return [Buffer.from(text), Buffer.from(text, "utf16le")];
}

function readableRegions(pid: number): [number, number][] {
  return readFileSync(`/proc/${String(pid)}/maps`, "utf8")
    .split("\n")
    .flatMap((line) => {
      const [, start, end, name = ""] = /^([0-9a-f]+)-([0-9a-f]+) r\S+ \S+ \S+ \S+\s*(.*)$/u.exec(line) ?? [];
      if (start === undefined || end === undefined || name.startsWith("[v")) return [];
      const region: [number, number] = [Number.parseInt(start, 16), Number.parseInt(end, 16)];
      return [region];
    });
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
