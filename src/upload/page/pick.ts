import { make } from "./dom.ts";

/** The files the user chooses in the browser's own dialog; never resolves where it is cancelled. */
export async function pickFile(): Promise<File> {
  const [file] = await pick(false);
  if (file === undefined) throw new Error("No file was chosen.");
  return file;
}

/** All files of a folder and of those below it; each knows its path. */
export async function pickFolder(): Promise<readonly File[]> {
  return pick(true);
}

async function pick(folder: boolean): Promise<readonly File[]> {
  const input = make("input", {});
  input.type = "file";
  input.webkitdirectory = folder;
  return new Promise((resolve) => {
    input.addEventListener("change", () => resolve([...(input.files ?? [])]), { once: true });
    input.click();
  });
}
