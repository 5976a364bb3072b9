import type { FilePath } from "./core.ts";
import { NameError } from "./failures.ts";
import { bounds } from "./protocol.ts";

// Separators of any system, and everything that moves a cursor or hides in a listing.
const forbidden = /[/\\\p{Cc}\p{Zl}\p{Zp}\u202A-\u202E\u2066-\u2069\uFEFF]/u;

/**
 * The name as the catalogue keeps it (NFC, so that a Mac and a PC mean the same file).
 *
 * Names are only rows, never paths: nothing but unreadable ones need be refused.
 * @throws {NameError}
 */
export function checkName(name: string): string {
  const normal = name.normalize("NFC");
  if (normal === "" || normal === "." || normal === ".." || normal !== normal.trim())
    throw new NameError(`${quote(name)} is no file name`);
  if (forbidden.test(normal) || !normal.isWellFormed())
    throw new NameError(`The name ${quote(name)} holds a separator or a control character`);
  if (Buffer.byteLength(normal) > bounds.name)
    throw new NameError(`The name ${quote(normal.slice(0, 40))}… is longer than ${String(bounds.name)} bytes`);
  return normal;
}

/** A directory as the catalogue keeps it: `"a/b"`, the root is `""`. @throws {NameError} */
export function checkDir(dir: string): string {
  const names = dir.split("/").filter((name) => name !== "");
  if (names.length > bounds.dirDepth) throw new NameError(`More than ${String(bounds.dirDepth)} directories deep`);
  const normal = names.map(checkName).join("/");
  if (Buffer.byteLength(normal) > bounds.dir)
    throw new NameError(`The directory is longer than ${String(bounds.dir)} bytes`);
  return normal;
}

/** `"a/b/c"` is the file c in a/b. @throws {NameError} */
export function splitPath(path: string): FilePath {
  const cut = path.lastIndexOf("/");
  return { dir: checkDir(path.slice(0, Math.max(0, cut))), name: checkName(path.slice(cut + 1)) };
}

export function joinPath({ dir, name }: FilePath): string {
  return dir === "" ? name : `${dir}/${name}`;
}

export function parentOf(dir: string): string {
  return dir.slice(0, Math.max(0, dir.lastIndexOf("/")));
}

/** In quotes, with nothing in it that could end a line or turn its direction. */
export function quote(text: string): string {
  return escapeSigns(JSON.stringify(text));
}

/** Writes what cannot be seen as its number. */
export function escapeSigns(text: string): string {
  return text.replace(/[\p{Cc}\p{Zl}\p{Zp}\p{Cf}]/gu, (sign) => {
    const code = (sign.codePointAt(0) ?? 0).toString(16);
    return code.length > 4 ? `\\u{${code}}` : `\\u${code.padStart(4, "0")}`;
  });
}

/** The next name to try where one is taken: `a.txt`, `a (2).txt`, `a (3).txt`. */
export function numbered(name: string, count: number): string {
  const dot = name.lastIndexOf(".");
  // What is longer than that is no extension.
  const [stem, extension] =
    dot > 0 && Buffer.byteLength(name.slice(dot)) <= 32 ? [name.slice(0, dot), name.slice(dot)] : [name, ""];
  const suffix = ` (${String(count)})${extension}`;
  return `${cutTo(stem, bounds.name - Buffer.byteLength(suffix))}${suffix}`;
}

function cutTo(text: string, bytes: number): string {
  const signs = Array.from(text);
  while (Buffer.byteLength(signs.join("")) > bytes) signs.pop();
  return signs.join("");
}
