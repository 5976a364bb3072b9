import type { DirsAnswer, FileAnswer, ListAnswer } from "../api-types.ts";
import { formatSize } from "../size.ts";
import { ask } from "./ask.ts";
import { call, CallError, query } from "./calls.ts";
import { announce, find, make, makeButton, messageOf } from "./dom.ts";
import { currentDir, hrefOf, join, lastName, parentOf, shownDir } from "./place.ts";

/** Rows that are shown at first, and with each press of the button below them: thousands take a browser seconds. */
const step = 500;
let shown = { dir: "", limit: step };

/** Shows the directory of the address; called again whenever something may have changed. */
export async function showFiles(): Promise<void> {
  const dir = currentDir();
  if (dir !== shown.dir) shown = { dir, limit: step };
  find("target", HTMLElement).textContent = shownDir(dir);
  showCrumbs(dir);
  const list = find("files", HTMLUListElement);
  try {
    const { dirs, files } = await call<ListAnswer>("GET", `/api/files${query({ dir })}`);
    if (dir !== currentDir()) return;
    const focused = document.activeElement?.getAttribute("aria-label");
    showRows(list, dirs, files);
    // The row that had the focus was replaced by its equal.
    const again = focused === null || focused === undefined ? undefined : byLabel(list, focused);
    if (document.activeElement === document.body) again?.focus();
    find("empty", HTMLParagraphElement).hidden = list.children.length > 0;
  } catch (error) {
    if (error instanceof CallError && error.status === 404 && dir !== "") {
      announce(`${dir} is gone.`);
      location.hash = hrefOf(parentOf(dir));
    } else announce(messageOf(error));
  }
}

function showRows(list: HTMLUListElement, dirs: ListAnswer["dirs"], files: ListAnswer["files"]): void {
  const known = new Map([...list.querySelectorAll("li")].map((row) => [row.dataset["key"], row]));
  const rows = [
    ...dirs.map((child) => [child, () => directoryRow(child)] as const),
    ...files.map((file) => [[file.url, file.sha256, file.createdMs].join(" "), () => fileRow(file)] as const),
  ];
  const wanted = rows.slice(0, shown.limit).map(([key, makeRow]) => {
    const row = known.get(key) ?? makeRow();
    row.dataset["key"] = key;
    return row;
  });
  if (wanted.length !== list.children.length || wanted.some((row, index) => list.children[index] !== row))
    list.replaceChildren(...wanted);
  const more = find("more", HTMLButtonElement);
  more.hidden = rows.length <= wanted.length;
  more.textContent = `Show more: ${String(wanted.length)} of ${String(rows.length)} are here`;
}

/** Once, at the start. */
export function wireMore(): void {
  find("more", HTMLButtonElement).addEventListener("click", () => {
    shown = { ...shown, limit: shown.limit + step };
    void showFiles();
  });
}

export async function createDirectory(): Promise<void> {
  const dir = currentDir();
  const answer = await ask({
    title: "New directory",
    text: `In ${shownDir(dir)}.`,
    confirm: "Create",
    fields: [{ label: "Name", value: "" }],
  });
  const [name] = answer ?? [];
  if (name === undefined) return;
  await change(`${name} is there.`, () => call("POST", "/api/dirs", { dir: join(dir, name) }));
}

function showCrumbs(dir: string): void {
  const parts = dir.split("/").filter(Boolean);
  const crumbs = ["", ...parts.map((_, index) => parts.slice(0, index + 1).join("/"))];
  const items = crumbs.map((path) => {
    const link = make("a", {}, path === "" ? "Top" : lastName(path));
    link.href = hrefOf(path);
    if (path === dir) link.setAttribute("aria-current", "page");
    return make("li", {}, link);
  });
  const list = find("crumbs", HTMLOListElement);
  list.replaceChildren(...items);
  list.hidden = dir === "";
}

function directoryRow(dir: string): HTMLLIElement {
  const name = lastName(dir);
  const link = make("a", { class: "name directory" }, name);
  link.href = hrefOf(dir);
  return make(
    "li",
    {},
    link,
    make("span", { class: "facts" }, "Directory"),
    make(
      "span",
      { class: "actions" },
      makeButton("Rename", name, () => void renameDirectory(dir)),
      makeButton("Move", name, () => void moveDirectory(dir)),
      makeButton("Delete", name, () => void deleteDirectory(dir)),
    ),
  );
}

function fileRow(file: FileAnswer): HTMLLIElement {
  const { name, size, sha256, createdMs, url } = file;
  const download = make("a", { class: "quiet" }, "Download");
  download.href = url;
  download.download = name;
  download.setAttribute("aria-label", `Download ${name}`);
  const created = new Date(createdMs);
  const date = make("time", { title: created.toString() }, dateFormat.format(created));
  date.dateTime = created.toISOString();
  const hash = make("button", { class: "hash", title: `${sha256}\nCopy` }, sha256.slice(0, 12));
  hash.type = "button";
  hash.setAttribute("aria-label", `Copy the SHA-256 of ${name}, which begins with ${sha256.slice(0, 12)}`);
  hash.addEventListener("click", () => void copy(sha256));
  return make(
    "li",
    {},
    make("span", { class: "name" }, name),
    make("span", { class: "facts" }, make("span", {}, formatSize(size)), date, hash),
    make(
      "span",
      { class: "actions" },
      download,
      makeButton("Rename", name, () => void renameFile(file)),
      makeButton("Move", name, () => void moveFile(file)),
      makeButton("Delete", name, () => void deleteFile(file)),
    ),
  );
}

const dateFormat = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

async function renameFile({ dir, name }: FileAnswer): Promise<void> {
  const answer = await ask({ title: "Rename file", confirm: "Rename", fields: [{ label: "Name", value: name }] });
  const [to] = answer ?? [];
  if (to === undefined || to === name) return;
  await change(`${name} is now ${to}.`, () =>
    call("POST", "/api/files/move", { from: { dir, name }, to: { dir, name: to } }),
  );
}

async function moveFile({ dir, name }: FileAnswer): Promise<void> {
  const to = await askDirectory(`Move ${name}`, dir, () => true);
  if (to === undefined || to === dir) return;
  await change(`${name} is now in ${shownDir(to)}.`, () =>
    call("POST", "/api/files/move", { from: { dir, name }, to: { dir: to, name } }),
  );
}

async function deleteFile({ dir, name, size }: FileAnswer): Promise<void> {
  const text = `${name} (${formatSize(size)}) is deleted for good.`;
  const answer = await ask({ title: "Delete file?", text, confirm: "Delete", danger: true });
  if (answer !== undefined)
    await change(`${name} is deleted.`, () => call("DELETE", `/api/files${query({ dir, name })}`));
}

async function renameDirectory(dir: string): Promise<void> {
  const name = lastName(dir);
  const answer = await ask({ title: "Rename directory", confirm: "Rename", fields: [{ label: "Name", value: name }] });
  const [to] = answer ?? [];
  if (to === undefined || to === name) return;
  await change(`${name} is now ${to}.`, () =>
    call("POST", "/api/dirs/move", { from: dir, to: join(parentOf(dir), to) }),
  );
}

async function moveDirectory(dir: string): Promise<void> {
  const name = lastName(dir);
  const to = await askDirectory(`Move ${name}`, parentOf(dir), (other) => !`${other}/`.startsWith(`${dir}/`));
  if (to === undefined || to === parentOf(dir)) return;
  await change(`${name} is now in ${shownDir(to)}.`, () =>
    call("POST", "/api/dirs/move", { from: dir, to: join(to, name) }),
  );
}

async function deleteDirectory(dir: string): Promise<void> {
  const name = lastName(dir);
  const text = `${name} is deleted if it is empty.`;
  const answer = await ask({ title: "Delete directory?", text, confirm: "Delete", danger: true });
  if (answer !== undefined) await change(`${name} is deleted.`, () => call("DELETE", `/api/dirs${query({ dir })}`));
}

async function askDirectory(
  title: string,
  current: string,
  allowed: (dir: string) => boolean,
): Promise<string | undefined> {
  try {
    const { dirs } = await call<DirsAnswer>("GET", "/api/dirs");
    const answer = await ask({
      title,
      text: "Leave it empty for the top directory.",
      confirm: "Move",
      fields: [{ label: "To directory", value: current, choices: dirs.filter(allowed), optional: true }],
    });
    return answer?.[0]?.split("/").filter(Boolean).join("/");
  } catch (error) {
    announce(messageOf(error));
    return undefined;
  }
}

/** Does it, says how it went, and shows what is there now. */
async function change(done: string, act: () => Promise<unknown>): Promise<void> {
  try {
    await act();
    announce(done);
  } catch (error) {
    announce(messageOf(error));
  }
  await showFiles();
}

/** The clipboard exists on localhost and under TLS only. */
async function copy(sha256: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(sha256);
    announce("The SHA-256 is copied.");
  } catch {
    await ask({ title: "SHA-256", confirm: "Close", fields: [{ label: "Copy it from here", value: sha256 }] });
  }
}

function byLabel(list: HTMLElement, label: string): HTMLElement | undefined {
  return [...list.querySelectorAll<HTMLElement>("[aria-label]")].find(
    (one) => one.getAttribute("aria-label") === label,
  );
}
