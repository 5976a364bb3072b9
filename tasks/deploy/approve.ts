import type { Quote } from "../../src/deploy/quote.ts";
import type { Plan } from "../../src/deploy/step.ts";
import type { Target } from "../../src/deploy/target.ts";
import { confirm } from "../confirm.ts";
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

/** Shows what a deployment costs and asks whoever pays; `mainnet` wants its name typed. */
export async function approve({ network, quote, plan, target, yes, progress, signal }: Approval): Promise<void> {
  progress.line(renderQuote(network, quote, plan, target));
  const command = `npx hardhat deploy --network ${network} --yes`;
  if (network === "mainnet") {
    await confirm("This spends real money. Type the name of the network to go on: ", {
      yes,
      signal,
      command,
      answer: network,
    });
  } else {
    await confirm(`Deploy to ${network}? [y/N] `, { yes, signal, command });
  }
}
