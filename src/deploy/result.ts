import type { Quote } from "./quote.ts";
import type { Finished } from "./execute.ts";
import { feeOf } from "./records.ts";
import type { Plan } from "./step.ts";
import type { Target } from "./target.ts";

export type DeployedContract = {
  readonly name: string;
  readonly address: string;
  readonly status: "deployed" | "reused" | "planned";
  readonly transactionHash: string | undefined;
  readonly blockNumber: number | undefined;
  readonly gasUsed: bigint | undefined;
};

type SentCall = {
  readonly label: string;
  readonly transactionHash: string;
  readonly blockNumber: number;
  readonly gasUsed: bigint;
};

export type DeployResult = {
  readonly network: string;
  readonly chainId: number;
  readonly deployer: string;
  readonly status: "deployed" | "unchanged" | "planned";
  readonly contracts: readonly DeployedContract[];
  readonly calls: readonly SentCall[];
  readonly quote: Quote | undefined;
  /** Wei. */
  readonly fees: { readonly expected: bigint; readonly worst: bigint; readonly paid: bigint };
};

/** Whose result it is. */
type Origin = { readonly network: { readonly name: string }; readonly accounts: readonly string[] };

export function emptyResult(options: Origin, plan: Plan, target: Target): DeployResult {
  return {
    network: options.network.name,
    chainId: target.chainId,
    deployer: options.accounts[0] ?? "",
    status: "unchanged",
    contracts: plan.reused.map(({ name, address }) => ({
      name,
      address,
      status: "reused",
      transactionHash: undefined,
      blockNumber: undefined,
      gasUsed: undefined,
    })),
    calls: [],
    quote: undefined,
    fees: { expected: 0n, worst: 0n, paid: 0n },
  };
}

export function plannedResult(options: Origin, plan: Plan, target: Target, quoted: Quote): DeployResult {
  const planned = plan.steps.flatMap(({ name, effect, gasUsed }): DeployedContract[] =>
    effect.kind === "deploy"
      ? [
          {
            name,
            address: effect.address,
            status: "planned",
            transactionHash: undefined,
            blockNumber: undefined,
            gasUsed,
          },
        ]
      : [],
  );
  const empty = emptyResult(options, plan, target);
  return {
    ...empty,
    status: "planned",
    contracts: [...empty.contracts, ...planned],
    quote: quoted,
    fees: { expected: quoted.expected, worst: quoted.worst, paid: 0n },
  };
}

/** Puts what landed in all rounds into the result of the last. */
export function summarize(done: readonly Finished[], result: DeployResult): DeployResult {
  const landed = done.flatMap(({ run, outcomes }) =>
    run.slots.flatMap(({ step }, index) => {
      const outcome = outcomes[index];
      return outcome?.kind === "landed" ? [{ step, receipt: outcome.receipt }] : [];
    }),
  );
  if (landed.length === 0) return result;
  const contracts = new Map(result.contracts.map((contract) => [contract.name, contract]));
  for (const { step, receipt } of landed) {
    if (step.effect.kind !== "deploy") continue;
    const { transactionHash, blockNumber, gasUsed } = receipt;
    contracts.set(step.name, {
      name: step.name,
      address: step.effect.address,
      status: "deployed",
      transactionHash,
      blockNumber,
      gasUsed,
    });
  }
  const calls = landed.flatMap(({ step: { label, effect }, receipt: { transactionHash, blockNumber, gasUsed } }) =>
    effect.kind === "call" ? [{ label, transactionHash, blockNumber, gasUsed }] : [],
  );
  const paid = landed.reduce((sum, { receipt }) => sum + feeOf(receipt), 0n);
  return { ...result, status: "deployed", contracts: [...contracts.values()], calls, fees: { ...result.fees, paid } };
}
