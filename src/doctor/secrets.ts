import type { Check } from "./check.ts";

/** What is known of the file .env without its values. */
export type EnvFile = {
  /** Permission bits; undefined on Windows, which has none. */
  readonly mode: number | undefined;
  readonly git: "tracked" | "ignored" | "open" | "no repository";
};

/** Whether the file that holds the secrets keeps them. */
export function checkEnvFile(file: EnvFile | undefined): Check {
  const subject = ".env";
  if (file === undefined) return { subject, status: "ok", finding: "there is none; only live networks need one" };
  const { mode, git } = file;
  if (git === "tracked")
    return {
      subject,
      status: "broken",
      finding: "git tracks it: its secrets go where the repository goes",
      hint: "git rm --cached .env    and move to new keys where it was pushed already: npx hardhat mnemonic --write --force",
    };
  if (mode !== undefined && mode % 0o100 !== 0)
    return {
      subject,
      status: "broken",
      finding: `its mode ${octal(mode)} lets other users read it or write to it`,
      hint: "chmod 600 .env",
    };
  if (git === "open")
    return { subject, status: "warning", finding: "git does not ignore it", hint: "echo .env >> .gitignore" };
  return { subject, status: "ok", finding: mode === undefined ? "git ignores it" : `mode ${octal(mode)}, not in git` };
}

function octal(mode: number): string {
  return mode.toString(8).padStart(4, "0");
}
