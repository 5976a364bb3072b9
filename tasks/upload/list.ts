import { UsageError } from "../../src/errors.ts";
import type { Upload, UploadState } from "../../src/upload/core.ts";
import { joinPath, quote } from "../../src/upload/names.ts";
import { listUploads } from "../../src/upload/prune.ts";
import { formatSize } from "../../src/upload/size.ts";
import { action } from "../action.ts";

type Args = { readonly dir: string; readonly state: string | undefined; readonly json: boolean };

const states: readonly UploadState[] = ["active", "done", "failed", "gone"];

export default action<Args, readonly Upload[]>({
  run: async ({ dir, state }) => listUploads(dir, stateOf(state)),
  render: (uploads) => (uploads.length === 0 ? "No uploads." : uploads.map(renderUpload).join("\n")),
  document: (uploads) => ({ uploads }),
});

/** One line: state, how much, when, what, and why not. */
export function renderUpload({ id, state, size, received, touchedMs, reason, ...path }: Upload): string {
  const share = size === undefined || size === 0 ? "" : ` ${String(Math.floor((100 * received) / size))} %`;
  return [
    state.padEnd(6),
    `${formatSize(received)}${size === undefined ? "" : ` of ${formatSize(size)}`}${share}`.padEnd(28),
    new Date(touchedMs).toISOString().slice(0, 19).replace("T", " "),
    id,
    quote(joinPath(path)),
    ...(reason === undefined ? [] : [`(${reason})`]),
  ].join("  ");
}

function stateOf(text: string | undefined): UploadState | undefined {
  const state = states.find((one) => one === text);
  if (text !== undefined && state === undefined) throw new UsageError(`--state is ${states.join(", ")}, not "${text}"`);
  return state;
}
