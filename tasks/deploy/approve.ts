import { createInterface } from "node:readline/promises";

import type { Quote } from "../../src/deploy/quote.ts";
import type { Plan } from "../../src/deploy/step.ts";
import type { Target } from "../../src/deploy/target.ts";
import { MetacoinError } from "../../src/errors.ts";
import type { Progress } from "../progress.ts";
import { renderQuote } from "./render.ts";

type Approval = {
  readonly network: string;
  readonly quote: Quote;
  readonly plan: Plan;
  readonly target: Target;
  readonly yes: boolean;
  readonly progress: Progress;
  readonly signal: AbortSignal;
};

/**
 * Shows what a deployment costs and asks whoever pays; `mainnet` wants its name typed.
 *
 * @throws {NotApprovedError} where the answer is no, or where nobody can be asked and `--yes` was not given.
 */
export async function approve({ network, quote, plan, target, yes, progress, signal }: Approval): Promise<void> {
  progress.line(renderQuote(network, quote, plan, target));
  if (yes) return;
  if (!process.stdin.isTTY) {
    throw new NotApprovedError("There is no terminal to ask on, and --yes was not given. Nothing was sent", {
      hint: `npx hardhat deploy --network ${network} --yes`,
    });
  }
  const isMainnet = network === "mainnet";
  const question = isMainnet
    ? "This spends real money. Type the name of the network to go on: "
    : `Deploy to ${network}? [y/N] `;
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = (await terminal.question(question, { signal })).trim();
    const approved = isMainnet ? answer === network : /^y(es)?$/iu.test(answer);
    if (!approved) throw new NotApprovedError("Not approved. Nothing was sent");
  } finally {
    terminal.close();
  }
}

/** Whoever pays said no. */
class NotApprovedError extends MetacoinError {
  override readonly code = "NOT_APPROVED";
}
