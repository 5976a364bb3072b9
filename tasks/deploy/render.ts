import type { DeployedContract, DeployResult } from "../../src/deploy/result.ts";
import { toGwei, toShortEther } from "../../src/gas/ether.ts";
import type { Quote } from "../../src/deploy/quote.ts";
import type { Plan } from "../../src/deploy/step.ts";
import type { Target } from "../../src/deploy/target.ts";
import { counted } from "../../src/text.ts";
import { indent, renderTable } from "../table.ts";

/** What a deployment will cost, before anybody pays. */
export function renderQuote(network: string, quote: Quote, { reused }: Plan, { balance, nonce }: Target): string {
  const waiting = nonce.pending - nonce.latest;
  return [
    "",
    renderSteps(quote),
    `  balance  ${toShortEther(balance)} ETH on ${network}`,
    ...(reused.length === 0 ? [] : [`  reused   ${reused.map(({ name }) => name).join(", ")}`]),
    ...(waiting === 0 ? [] : [`  waiting  ${counted(waiting, "transaction")} of this account first`]),
    "",
  ].join("\n");
}

function renderSteps({ steps, fees, feeCeiling, expected, worst }: Quote): string {
  const rows = steps.map((step) => [
    step.label,
    step.gas.toLocaleString("en"),
    toShortEther(step.expected),
    toShortEther(step.worst),
  ]);
  const table = renderTable(
    [
      ["step", "gas", "expected ETH", "at most ETH"],
      ...rows,
      ["total", "", toShortEther(expected), toShortEther(worst)],
    ],
    { right: [1, 2, 3] },
  );
  const offered = `offered up to ${toGwei(fees.maxFeePerGas)} gwei (priority ${toGwei(fees.maxPriorityFeePerGas)})`;
  return [
    indent(table),
    "",
    `  fees     base ${toGwei(fees.baseFee)} gwei, ${offered}, replacements up to ${toGwei(feeCeiling)} gwei`,
  ].join("\n");
}

/** The result of a deployment, and what to try next. */
export function renderDeployment(deployment: DeployResult, elapsedMs: number): string {
  const { network, chainId, status, contracts, calls, fees, deployer, quote } = deployment;
  const chain = `${network} (chain ${String(chainId)})`;
  const table = renderContracts(contracts, calls);
  switch (status) {
    case "deployed": {
      const title = `Deployed to ${chain} in ${(elapsedMs / 1_000).toFixed(1)} s`;
      return [
        title,
        "",
        table,
        "",
        `  paid  ${toShortEther(fees.paid)} ETH from ${deployer}`,
        "",
        ...renderNext(network),
      ].join("\n");
    }
    case "unchanged":
      return [`Nothing to do: ${chain} has everything already`, "", table, "", ...renderNext(network)].join("\n");
    case "planned": {
      const steps = quote === undefined ? [] : [renderSteps(quote), ""];
      return [
        `Would be deployed to ${chain}; nothing was signed`,
        "",
        table,
        "",
        ...steps,
        `To do it: npx hardhat deploy --network ${network}`,
      ].join("\n");
    }
  }
}

function renderContracts(contracts: readonly DeployedContract[], calls: DeployResult["calls"]): string {
  const rows = contracts.map((contract) => [
    contract.name,
    contract.address,
    contract.status,
    gasOf(contract),
    blockOf(contract),
  ]);
  const sent = calls.map(({ label, gasUsed, blockNumber, transactionHash }) => [
    label,
    transactionHash,
    "called",
    gasUsed.toLocaleString("en"),
    String(blockNumber),
  ]);
  const hasGas = rows.some(([, , , gas]) => gas !== "");
  return indent(renderTable([...(hasGas ? [["", "", "", "gas", "block"]] : []), ...rows, ...sent], { right: [3, 4] }));
}

export function renderCancelled({
  network,
  released,
  landed,
}: {
  readonly network: string;
  readonly released: number;
  readonly landed: number;
}): string {
  if (released === 0 && landed === 0) return `There is no unfinished run on ${network}`;
  return `The run on ${network} is over: ${counted(released, "nonce")} released, ${counted(landed, "transaction")} landed and recorded`;
}

function renderNext(network: string): readonly string[] {
  if (network === "default") {
    return [
      "Try next:",
      "  npx hardhat mnemonic --write            a wallet of your own, in .env",
      "  npx hardhat faucet --network sepolia    where its first coins come from",
      "  npx hardhat deploy --network sepolia    the same deployment, on a public testnet",
    ];
  }
  return [
    `Records: deployments/${network}/    Compare them with the chain: npx hardhat deployments status --network ${network}`,
  ];
}

function gasOf({ gasUsed }: DeployedContract): string {
  return gasUsed === undefined ? "" : gasUsed.toLocaleString("en");
}

function blockOf({ blockNumber }: DeployedContract): string {
  return blockNumber === undefined ? "" : String(blockNumber);
}
