import { MetacoinError } from "../errors.ts";
import { toEther } from "../gas/ether.ts";
import { toQuantity, readQuantity } from "../rpc/quantity.ts";
import type { Rpc } from "../rpc/rpc.ts";
import { maxTransactionGas } from "./artifact.ts";
import type { Quote } from "./quote.ts";
import type { Plan } from "./step.ts";
import type { Target } from "./target.ts";

/**
 * Refuses a plan that could not be carried through, while nothing is sent.
 *
 * @throws {UnderfundedError} where the deployer cannot pay the worst case.
 */
export function preflight(quote: Quote, { balance }: Target, network: string, deployer: string): void {
  if (balance < quote.worst) throw new UnderfundedError(network, deployer, balance, quote.worst);
}

/**
 * Takes the target's own estimate where it asks for more gas than the rehearsal: chains whose gas includes the layer below.
 * A step that needs contracts of this plan cannot be estimated there and keeps the rehearsal's figure.
 */
export async function estimateOnTarget(plan: Plan, rpc: Rpc): Promise<Plan> {
  const answers = await rpc.send(
    plan.steps.map(({ from, to, data, value }) => ({
      method: "eth_estimateGas",
      params: [{ from, ...(to === undefined ? {} : { to }), data, value: toQuantity(value) }],
    })),
  );
  const steps = plan.steps.map((step, index) => {
    const answer = answers[index];
    if (answer === undefined || "error" in answer) return step;
    const estimate = readQuantity(answer.result, "an estimate");
    if (estimate <= step.gasUsed) return step;
    const limit = estimate + estimate / 5n;
    return { ...step, gasUsed: estimate, gasLimit: limit < maxTransactionGas ? limit : maxTransactionGas };
  });
  return { ...plan, steps };
}

/** The deployer cannot pay the worst case. */
class UnderfundedError extends MetacoinError {
  override readonly code = "UNDERFUNDED";
  /** Wei. */
  readonly shortfall: bigint;

  constructor(network: string, deployer: string, balance: bigint, worst: bigint) {
    const shortfall = worst - balance;
    super(
      `${deployer} has ${toEther(balance)} ETH on ${network} and may need ${toEther(worst)} ETH: ${toEther(shortfall)} ETH are missing. Nothing was sent`,
      { hint: `Fund ${deployer}: npx hardhat faucet --network ${network}` },
    );
    this.shortfall = shortfall;
  }
}
