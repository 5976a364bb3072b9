import { parseDuration } from "../../src/upload/duration.ts";
import { quote } from "../../src/upload/names.ts";
import { pruneStore, type Pruned } from "../../src/upload/prune.ts";
import { formatSize } from "../../src/upload/size.ts";
import { action } from "../action.ts";

type Args = { readonly dir: string; readonly older: string; readonly verify: boolean; readonly dryRun: boolean };

export default action<Args, Pruned>({
  run: async ({ dir, older, verify, dryRun }) =>
    pruneStore({ dir, olderMs: parseDuration(older, "--older"), verify, dryRun }),
  render: renderPruned,
  // Contents that are lost or damaged are for a person to look at.
  exitCode: ({ missing, damaged }) => (missing.length + damaged.length > 0 ? 1 : 0),
});

/** A line a finding, then the sum. */
export function renderPruned({
  dryRun,
  uploads,
  strayIncoming,
  strayBlobs,
  missing,
  damaged,
  freedBytes,
}: Pruned): string {
  const verb = dryRun ? "Would free" : "Freed";
  return [
    ...uploads.map(({ id, name, received }) => `upload ${id} ${quote(name)}: idle, ${formatSize(received)}`),
    ...strayIncoming.map((name) => `incoming/${name}: belongs to no upload`),
    ...strayBlobs.map((name) => `blobs/${name}: belongs to no file`),
    ...missing.map((sha256) => `MISSING  ${sha256}: files name it, and it is not there`),
    ...damaged.map((sha256) => `DAMAGED  ${sha256}: ${dryRun ? "its bytes are others" : "moved to quarantine/"}`),
    `${verb} ${formatSize(freedBytes)}: ${String(uploads.length)} uploads, ${String(strayIncoming.length + strayBlobs.length)} strays.`,
  ].join("\n");
}
