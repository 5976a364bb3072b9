import { watch } from "node:fs";
import { basename, dirname } from "node:path";

/**
 * Calls `onChange` when a file was written or replaced: the folder is watched, for a watch on the file itself stays with the old one.
 * Calls come at least every `pollMs` as well, because no watch is promised to tell everything.
 */
export function watchFile(
  path: string,
  onChange: () => void,
  { pollMs = 500 }: { readonly pollMs?: number } = {},
): { close(): void } {
  const name = basename(path);
  const watcher = watch(dirname(path), { persistent: false }, (_, changed) => {
    if (changed === null || changed === name) onChange();
  });
  watcher.on("error", () => undefined);
  const timer = setInterval(onChange, pollMs);
  return {
    close() {
      watcher.close();
      clearInterval(timer);
    },
  };
}
