import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../../", import.meta.url));

export type Complaint = { readonly line: number; readonly code: string; readonly message: string };

/** What this project's own typed lint says of `source`, planted as a file with this project's compiler options. */
export async function lintText(source: string): Promise<readonly Complaint[]> {
  const folder = await mkdtemp(join(tmpdir(), "metacoin-types-"));
  try {
    const tsconfig = { extends: join(root, "tsconfig.json"), include: ["."], compilerOptions: { types: [] } };
    await writeFile(join(folder, "tsconfig.json"), JSON.stringify(tsconfig));
    await writeFile(join(folder, "planted.mts"), source);
    return await lint(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Only what the compiler says. */
export async function typeErrors(source: string): Promise<readonly Complaint[]> {
  return (await lintText(source)).filter(({ code }) => code.startsWith("typescript(TS"));
}

async function lint(folder: string): Promise<readonly Complaint[]> {
  const output = await new Promise<string>((resolve) => {
    const args = ["--config", join(root, "oxlint.config.ts"), "--type-check", "--format", "json", folder];
    execFile(join(root, "node_modules/.bin/oxlint"), args, { cwd: root }, (_, stdout) => resolve(stdout));
  });
  const { diagnostics } = JSON.parse(output) as { diagnostics: Diagnostic[] };
  return diagnostics.map(({ code, message, labels }) => ({ code, message, line: labels[0]?.span.line ?? 0 }));
}

type Diagnostic = { code: string; message: string; labels: { span: { line: number } }[] };
