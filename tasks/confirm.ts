import { createInterface } from "node:readline/promises";

import { MetacoinError } from "../src/errors.ts";

type ConfirmOptions = {
  /** `--yes` was given: nobody is asked. */
  readonly yes: boolean;
  readonly signal: AbortSignal;
  /** What to type where there is no terminal to ask on. */
  readonly command: string;
  /** The answer that means yes; `y` or `yes` by default. */
  readonly answer?: string;
};

/**
 * Asks whoever sits at the terminal.
 *
 * @throws {NotApprovedError} where the answer is no, or where nobody can be asked.
 */
export async function confirm(question: string, { yes, signal, command, answer }: ConfirmOptions): Promise<void> {
  if (yes) return;
  if (!process.stdin.isTTY) {
    throw new NotApprovedError("There is no terminal to ask on, and --yes was not given. Nothing was done", {
      hint: command,
    });
  }
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const given = (await terminal.question(question, { signal })).trim();
    const approved = answer === undefined ? /^y(es)?$/iu.test(given) : given === answer;
    if (!approved) throw new NotApprovedError("Not approved. Nothing was done");
  } finally {
    terminal.close();
  }
}

/** Whoever was asked said no. */
class NotApprovedError extends MetacoinError {
  override readonly code = "NOT_APPROVED";
}
