import { renderUnicodeCompact } from "uqr";

import { toEther } from "../../src/gas/ether.ts";
import { counted } from "../../src/text.ts";
import { indent, renderTable } from "../table.ts";
import type { FaucetReport } from "./faucet.ts";

/** Whether there is enough, and where more comes from. */
export function renderFaucet(report: FaucetReport): string {
  const { network, chainId, address, funded } = report;
  return [
    `${address} on ${network} (chain ${String(chainId)})`,
    "",
    indent(renderTable([["balance", ether(report.balance)], ...renderNeed(report)])),
    "",
    ...(funded ? [`Funded. Next: npx hardhat deploy${option(network)}`] : renderSources(report)),
  ].join("\n");
}

function renderNeed({ needed, shortfall, steps, problem }: FaucetReport): readonly (readonly string[])[] {
  if (needed === undefined) return [["needed", `cannot be told: ${problem ?? ""}`]];
  if (steps === 0) return [["needed", "nothing: all is deployed"]];
  return [
    ["needed", `${ether(needed)} at most, for ${counted(steps, "transaction")}`],
    ...(shortfall === 0n ? [] : [["shortfall", ether(shortfall)]]),
  ];
}

function renderSources({ network, faucets, faucetsAsOf, paymentLink = "" }: FaucetReport): readonly string[] {
  const table = indent(renderTable(faucets.map(({ name, url, asks }) => [name, url, asks])));
  return [
    ...(faucets.length === 0 ? [`Nobody gives coins of ${network} away.`] : [`Faucets, as of ${faucetsAsOf}:`, table]),
    "",
    "Or pay from another wallet:",
    `  ${paymentLink}`,
    "",
    renderUnicodeCompact(paymentLink, { border: 2 }),
    "",
    `To wait for it: npx hardhat faucet${option(network)} --wait`,
  ];
}

function ether(wei: bigint): string {
  return `${toEther(wei)} ETH`;
}

function option(network: string): string {
  return network === "default" ? "" : ` --network ${network}`;
}
