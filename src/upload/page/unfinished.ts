import type { UnfinishedAnswer, UploadsAnswer } from "../api-types.ts";
import { formatDuration } from "../rate.ts";
import { formatSize } from "../size.ts";
import { ask } from "./ask.ts";
import { call, query } from "./calls.ts";
import { announce, find, make, makeButton, messageOf } from "./dom.ts";
import { join } from "./place.ts";

/** Within this time an upload counts as under way. */
const liveMs = 10_000;

type Unfinished = {
  /** Whether this page is sending it: those stand in "Sending". */
  readonly isMine: (key: string) => boolean;
  /** The user wants to go on with it and picks the file. */
  readonly onResume: (upload: UnfinishedAnswer) => void;
};

/** Shows what is on the server and not finished, whoever began it. */
export async function showUnfinished(how: Unfinished): Promise<void> {
  const { uploads } = await call<UploadsAnswer>("GET", "/api/uploads");
  const others = uploads.filter(({ key }) => key === null || !how.isMine(key));
  const list = find("unfinished", HTMLUListElement);
  const known = new Map([...list.querySelectorAll("li")].map((row) => [row.dataset["id"], row]));
  const rows = others.map((upload) => {
    const row = known.get(upload.id) ?? makeRow(upload, how);
    showFacts(row, upload);
    return row;
  });
  // Rows stay the same elements, so the focus stays where it is.
  if (rows.length !== list.children.length || rows.some((row, index) => list.children[index] !== row))
    list.replaceChildren(...rows);
  find("unfinished-section", HTMLElement).hidden = rows.length === 0;
}

function makeRow(upload: UnfinishedAnswer, how: Unfinished): HTMLLIElement {
  const path = join(upload.dir, upload.name);
  const bar = make("progress", {});
  bar.setAttribute("aria-label", `Received of ${path}`);
  const resume = makeButton("Resume", path, () => how.onResume(upload));
  const remove = makeButton("Remove", path, () => void removeUpload(upload, path, how));
  const row = make(
    "li",
    {},
    make("span", { class: "name" }, path),
    make("span", { class: "facts" }),
    make("span", { class: "actions" }, ...(upload.via === "dropzone" ? [resume] : []), remove),
    bar,
  );
  row.dataset["id"] = upload.id;
  return row;
}

function showFacts(row: HTMLLIElement, { via, size, received, idleMs, reason }: UnfinishedAnswer): void {
  const bar = row.querySelector("progress");
  if (bar !== null) {
    bar.max = Math.max(1, size ?? received);
    bar.value = received;
  }
  const facts = [
    size === null ? formatSize(received) : `${formatSize(received)} of ${formatSize(size)}`,
    idleMs < liveMs ? "Active just now" : `Idle for ${formatDuration(idleMs / 1000)}`,
    via === "raw" ? "To resume: upload send" : via === "tus" ? "From a tus client" : "",
    reason ?? "",
  ];
  const shown = facts.filter((fact) => fact !== "").map((fact) => make("span", {}, fact));
  row.querySelector(".facts")?.replaceChildren(...shown);
}

async function removeUpload({ id, received }: UnfinishedAnswer, path: string, how: Unfinished): Promise<void> {
  const text = `The ${formatSize(received)} of ${path} that are here are deleted.`;
  const answer = await ask({ title: "Remove the unfinished upload?", text, confirm: "Remove", danger: true });
  if (answer === undefined) return;
  try {
    await call("DELETE", `/api/uploads${query({ id })}`);
    announce(`The unfinished upload of ${path} is removed.`);
  } catch (error) {
    announce(messageOf(error));
  }
  await showUnfinished(how);
}
