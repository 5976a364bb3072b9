import { expectedPrice } from "../../src/gas/cost.ts";
import { type Market, MARKET_BLOCKS, SPEEDS, TIP_PERCENTILES } from "../../src/gas/market.ts";
import { toGwei, toShortEther } from "../../src/gas/ether.ts";
import { indent, renderTable } from "../table.ts";
import { renderChart } from "./chart.ts";
import type { GasReport } from "./gas.ts";

/** The market, the chart and the plan, for a person. */
export function renderGas(report: GasReport): string {
  const { network, chainId, block, market } = report;
  return [
    `Gas on ${network} (chain ${String(chainId)}) at block ${String(block)}`,
    "",
    ...renderBaseFee(market),
    renderSpeeds(report),
    "",
    renderPending(report),
  ].join("\n");
}

/** One line, where a display cannot be drawn anew. */
export function summarizeGas({ block, market, fees, speed, pending }: GasReport): string {
  const cost = pending.kind === "plan" ? `, the plan ${toShortEther(pending.quote.expected)} ETH` : "";
  return `block ${String(block)}: base fee ${toShortGwei(market.baseFee)} gwei, ${market.trend}, ${speed} ${toShortGwei(expectedPrice(fees[speed]))} gwei${cost}`;
}

function renderBaseFee({ eip1559, baseFee, baseFees, trend }: Market): readonly string[] {
  if (!eip1559) return ["  This chain has no base fee: what is offered is paid in full.", ""];
  const past = baseFees.length - 1;
  const blocks = past === 1 ? "block" : `${String(past)} blocks`;
  return [
    `  base fee ${toShortGwei(baseFee)} gwei, ${trend} over the last ${blocks}`,
    "",
    indent(renderChart(baseFees, { label: toShortGwei })),
    "",
  ];
}

function renderSpeeds({ market, fees }: GasReport): string {
  const rows = SPEEDS.map((speed) => [
    speed,
    market.eip1559 ? `${String(TIP_PERCENTILES[speed])} %` : "",
    toShortGwei(market.tips[speed]),
    toShortGwei(expectedPrice(fees[speed])),
    toShortGwei(fees[speed].maxFeePerGas),
  ]);
  const percentile = market.eip1559 ? `of ${String(MARKET_BLOCKS)} blocks` : "";
  const head = ["gwei", percentile, "priority", "paid now", "offered"];
  return indent(renderTable([head, ...rows], { right: [1, 2, 3, 4] }));
}

function renderPending({ pending, network, hasL1Fee }: GasReport): string {
  if (pending.kind === "nothing") return `  Nothing is left to deploy to ${network}.`;
  if (pending.kind === "unknown") return `  What a deployment would cost cannot be told: ${pending.reason}`;
  const { steps, expected, worst, feeCeiling, speed } = pending.quote;
  const rows = steps.map((step) => [
    step.label,
    step.gas.toLocaleString("en"),
    toShortEther(step.expected),
    toShortEther(step.worst),
  ]);
  const total = steps.reduce((sum, { gas }) => sum + gas, 0n);
  const table = renderTable(
    [
      [`to deploy, ${speed}`, "gas", "expected ETH", "at most ETH"],
      ...rows,
      ["total", total.toLocaleString("en"), toShortEther(expected), toShortEther(worst)],
    ],
    { right: [1, 2, 3] },
  );
  return [
    indent(table),
    "",
    `  At most: all of the gas limit, at ${toShortGwei(feeCeiling)} gwei, the most that replacements offer.`,
    ...(hasL1Fee ? ["  Both include the fee for the data on the layer below."] : []),
  ].join("\n");
}

/** Three significant digits are all that a person compares. */
function toShortGwei(wei: bigint): string {
  const [whole = "0", fraction = ""] = toGwei(wei).split(".");
  const kept = /^0*\d{0,3}/u.exec(fraction)?.[0] ?? "";
  const digits = (whole === "0" ? kept : fraction.slice(0, Math.max(0, 3 - whole.length))).replace(/0+$/u, "");
  return digits === "" ? whole : `${whole}.${digits}`;
}
