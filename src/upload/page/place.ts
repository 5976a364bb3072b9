/** The directory on show stands behind the # of the address, so that Back works and it can be bookmarked. */
export function currentDir(): string {
  const path = location.hash.replace(/^#\/?/u, "");
  return path.split("/").map(decode).filter(Boolean).join("/");
}

export function hrefOf(dir: string): string {
  return `#/${dir.split("/").map(encodeURIComponent).join("/")}`;
}

export function lastName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

export function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf("/")));
}

/** "a", "b" → "a/b"; either may be empty. */
export function join(dir: string, name: string): string {
  return [dir, name].filter(Boolean).join("/");
}

/** A directory as it is shown: the root has no name of its own. */
export function shownDir(dir: string): string {
  return dir === "" ? "the top directory" : dir;
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
