import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { checkFile, type FileReport, type Finding } from "../../../src/strings/check.ts";
import { fixFiles } from "../../../src/strings/fix.ts";
import { openFiles, type TypedFiles } from "../../../src/strings/project.ts";

const tsconfig = JSON.stringify({
  compilerOptions: { strict: true, target: "es2024", module: "nodenext", types: [], skipLibCheck: true },
});

/** A small strict project in a temporary folder, gone when `use` is done. */
export async function withProject<Result>(
  sources: Readonly<Record<string, string>>,
  use: (folder: string) => Promise<Result>,
): Promise<Result> {
  const folder = await mkdtemp(join(tmpdir(), "metacoin-strings-"));
  try {
    for (const [name, text] of Object.entries({ "tsconfig.json": tsconfig, ...sources })) {
      await mkdir(dirname(join(folder, name)), { recursive: true });
      await writeFile(join(folder, name), text);
    }
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Opens one planted file as the check would. */
async function withFile<Result>(text: string, name: string, use: (files: TypedFiles, path: string) => Result) {
  return withProject({ [name]: text }, async (folder) => {
    const files = openFiles([join(folder, name)], { cwd: folder });
    try {
      return use(files, join(folder, name));
    } finally {
      files.close();
    }
  });
}

export async function checkText(text: string, name = "planted.ts"): Promise<FileReport> {
  return withFile(text, name, (files, path) => checkFile(files.file(path), dirname(path)));
}

export type TextFix = {
  /** Undefined where nothing was changed. */
  readonly text: string | undefined;
  readonly fixed: readonly Finding[];
  readonly kept: readonly Finding[];
};

export async function fixText(text: string, name = "planted.ts"): Promise<TextFix> {
  return withFile(text, name, (files, path) => {
    const fixes = fixFiles([path], files, dirname(path));
    return {
      text: fixes.find(({ former, text: after }) => after !== former)?.text,
      fixed: fixes.flatMap(({ fixed }) => fixed),
      kept: fixes.flatMap(({ kept }) => kept),
    };
  });
}

export async function readText(folder: string, name: string): Promise<string> {
  return readFile(join(folder, name), "utf8");
}
