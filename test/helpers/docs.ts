import { execFile } from "node:child_process";
import { cp, mkdtemp, readdir, readFile, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";

import { repository } from "./project.ts";

/** A block of a page that shows commands and what they print: `<!-- run -->`, then a console block. */
export type Example = {
  readonly line: number;
  readonly steps: readonly Step[];
};

export type Step = {
  readonly command: string;
  /** What the page shows. */
  readonly shown: string;
  readonly exitCode: number;
};

/** All pages a reader may open, by their path in the repository. */
export async function listPages(): Promise<readonly string[]> {
  const docs = (await readdir(join(repository, "docs"))).filter((name) => name.endsWith(".md"));
  return ["README.md", "SECURITY.md", ...docs.map((name) => `docs/${name}`)];
}

export async function readPage(page: string): Promise<string> {
  return readFile(join(repository, page), "utf8");
}

const block = /<!-- run(?: exit=(?<exit>\d))? -->\n+```console\n(?<body>[\s\S]*?)```/gu;

/** The examples of a page that are marked as runnable. `exit=1` in the mark is the exit code of its last command. */
export function examplesOf(text: string): readonly Example[] {
  return [...text.matchAll(block)].map(({ index, groups }) => {
    const parts = (groups?.["body"] ?? "").split(/^\$ /mu).slice(1);
    const steps = parts.map((part, at) => {
      const [command = "", ...shown] = part.split("\n");
      return {
        command,
        shown: shown.join("\n").trim(),
        exitCode: at === parts.length - 1 ? Number(groups?.["exit"] ?? 0) : 0,
      };
    });
    return { line: text.slice(0, index).split("\n").length, steps };
  });
}

export type Ran = { readonly output: string; readonly exitCode: number };

/** A copy of this repository as a reader has it after the set-up: built, without a .env of anybody. */
export async function copyRepository(): Promise<{
  run: (command: string) => Promise<Ran>;
  remove: () => Promise<void>;
}> {
  const folder = await mkdtemp(join(tmpdir(), "metacoin-docs-"));
  const left = new Set(["node_modules", ".git", ".env", "store", ".etl", "coverage"]);
  const entries = (await readdir(repository)).filter((name) => !left.has(name));
  await Promise.all(entries.map((name) => cp(join(repository, name), join(folder, name), { recursive: true })));
  await symlink(join(repository, "node_modules"), join(folder, "node_modules"));
  return {
    run: (command) => runShell(command, folder),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

/** What a person sees: stdout and stderr in their order, without colours. */
async function runShell(command: string, cwd: string): Promise<Ran> {
  const secrets = new Set(["MNEMONIC", "PRIVATE_KEY", "CI"]);
  const inherited = Object.entries(process.env).filter(([name]) => !secrets.has(name) && !name.endsWith("_URL"));
  const env = {
    ...Object.fromEntries(inherited),
    PATH: [join(cwd, "node_modules/.bin"), process.env["PATH"]].join(delimiter),
    NO_COLOR: "1",
    COLUMNS: "120",
  };
  const script = `{ ${command.replaceAll("npx hardhat", "hardhat")}\n} 2>&1`;
  return new Promise((resolve) => {
    const child = execFile("bash", ["-c", script], { cwd, env, timeout: 120_000 }, (_, stdout) =>
      resolve({ output: stdout.trim(), exitCode: child.exitCode ?? -1 }),
    );
  });
}

/** What may differ from run to run, made equal: addresses, hashes, times, dates, runs, versions, ports, folders, blanks. */
export function normalise(text: string): string {
  return text
    .replaceAll(/0x[0-9a-fA-F]{3,}(?:…[0-9a-fA-F]+)?/gu, "0x…")
    .replaceAll(/\b[0-9a-f]{16,}\b/gu, "<hash>")
    .replaceAll(/\b\d{8}T\d{6}Z-(\w+)-[0-9a-f]{4}\b/gu, "<run>-$1")
    .replaceAll(/\d{4}-\d{2}-\d{2}[T ][\d:.]+Z?/gu, "<date>")
    .replaceAll(/\b\d+(?:\.\d+)? ?(?:ns|µs|ms|s|min)\b/gu, "<time>")
    .replaceAll(/(127\.0\.0\.1|localhost|\[::1\]):\d+/gu, "$1:<port>")
    .replaceAll(/\/tmp\/[\w./-]+/gu, "<folder>")
    .replaceAll(/\d+ (files|as in)\b/gu, "<n> $1")
    .replaceAll(/\b\d+(?:\.\d+){2,}\b/gu, "<version>")
    .replaceAll(/[ \t]+/gu, " ")
    .replaceAll(/ $/gmu, "");
}

/** Whether a page shows what was printed; a line of `…` stands for any number of lines. */
export function matches(shown: string, output: string): boolean {
  const parts = normalise(shown)
    .split(/^…$/mu)
    .map((part) => part.replaceAll(/^\n|\n$/gu, ""));
  const escaped = parts.map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/gu, String.raw`\$&`));
  return new RegExp(`^${escaped.join(String.raw`\n?[\s\S]*?\n?`)}$`, "u").test(normalise(output));
}
