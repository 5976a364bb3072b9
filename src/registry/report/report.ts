import { escapeHtml } from "../../page.ts";
import type { DeploymentRecord } from "../record.ts";
import type { Charge, ChainFacts } from "./chain.ts";
import { renderRun, renderUnknownRun } from "./run.ts";
import type { ReportedRun } from "./runs.ts";
import { linkTo, shorten, toCount, toEther, toTime } from "./text.ts";

/** Everything that is known of one network. */
export type ReportedNetwork = {
  readonly name: string;
  readonly chainId: number | undefined;
  /** The web address of the network's explorer, without a slash at its end. */
  readonly explorerUrl: string | undefined;
  readonly records: ReadonlyMap<string, DeploymentRecord>;
  /** Newest first. */
  readonly runs: readonly ReportedRun[];
  /** Undefined where no endpoint answered. */
  readonly chain: ChainFacts | undefined;
};

/** The body of the report: what was deployed, when, by whom, at what price, and how each run went. */
export function renderReport(networks: readonly ReportedNetwork[]): string {
  return networks.map(renderNetwork).join("\n");
}

function renderNetwork(network: ReportedNetwork): string {
  const { name, chainId, records, runs, chain } = network;
  const charges = chargesOf(network);
  const known = new Set(runs.map(({ id }) => id));
  const strange = Map.groupBy(
    [...records].flatMap(([name, record]) => generations(record).map((one) => ({ name, record: one }))),
    ({ record }) => record.metacoin.run,
  );
  const missing = [...strange].filter(([id]) => !known.has(id)).toSorted(([one], [other]) => (one < other ? 1 : -1));
  return [
    `<section id="${escapeHtml(name)}">`,
    `<h1>Deployments on ${escapeHtml(name)}</h1>`,
    `<p class="sub">${chainId === undefined ? "" : `chain ${String(chainId)} · `}times are UTC</p>`,
    renderFacts(network, charges),
    renderContracts(network),
    runs.length + missing.length === 0 ? "" : "<h2>Runs</h2>",
    chain === undefined && runs.length > 0
      ? `<p class="note">No endpoint answered when this page was made, so the base fee and the fees of calls are missing.</p>`
      : "",
    ...runs.map((run) => renderRun(run, network, charges)),
    ...missing.map(([id, contracts]) => renderUnknownRun(id, contracts)),
    "</section>",
  ].join("\n");
}

function generations(record: DeploymentRecord): readonly DeploymentRecord[] {
  return [record, ...(record.history ?? [])];
}

/** Gas and fees by transaction hash: what the chain says, and before that what the records kept. */
function chargesOf({ records, chain }: ReportedNetwork): ReadonlyMap<string, Charge> {
  const all = [...records.values()].flatMap(generations);
  return new Map<string, Charge>([
    ...all.flatMap(({ metacoin: { calls } }) =>
      calls.map(
        ({ transactionHash, gasUsed }) => [transactionHash, { gasUsed: BigInt(gasUsed), feePaid: undefined }] as const,
      ),
    ),
    ...all.map(
      ({ transactionHash, metacoin: { gasUsed, feePaid } }) =>
        [transactionHash, { gasUsed: BigInt(gasUsed), feePaid: BigInt(feePaid) }] as const,
    ),
    ...(chain?.charges ?? []),
  ]);
}

function renderFacts({ records, runs }: ReportedNetwork, charges: ReadonlyMap<string, Charge>): string {
  const gas = [...charges.values()].reduce((sum, { gasUsed }) => sum + gasUsed, 0n);
  const paid = [...charges.values()].reduce((sum, { feePaid = 0n }) => sum + feePaid, 0n);
  const facts = [
    [toCount(records.size), records.size === 1 ? "contract" : "contracts"],
    [toCount(runs.length), runs.length === 1 ? "run on this machine" : "runs on this machine"],
    [toCount(gas), "gas"],
    [`${toEther(paid)} ETH`, "paid"],
  ] as const;
  const items = facts.map(([value, what]) => `<li class="card"><b>${value}</b><span>${what}</span></li>`);
  return `<ul class="facts">${items.join("")}</ul>`;
}

function renderContracts({ records, explorerUrl }: ReportedNetwork): string {
  const heads = ["contract", "address", "deployed", "block", "by", "gas", "ETH", "verified"];
  const numbers = new Set(["block", "gas", "ETH"]);
  const rows = [...records].flatMap(([name, record]) =>
    generations(record).map((one, age) => renderContract(name, one, age > 0, explorerUrl)),
  );
  return [
    '<div class="card"><table>',
    `<thead><tr>${heads.map((head) => `<th${numbers.has(head) ? ' class="number"' : ""}>${head}</th>`).join("")}</tr></thead>`,
    `<tbody>${rows.join("\n")}</tbody>`,
    "</table></div>",
  ].join("\n");
}

function renderContract(name: string, record: DeploymentRecord, former: boolean, explorer: string | undefined): string {
  const { address, transactionHash, metacoin } = record;
  const { blockNumber, deployedAt, deployer, gasUsed, feePaid, verified, forgotten } = metacoin;
  const gone = former || forgotten === true;
  const state = former ? " <small>superseded</small>" : forgotten === true ? " <small>forgotten</small>" : "";
  const page = (kind: string, id: string) => (explorer === undefined ? undefined : `${explorer}/${kind}/${id}`);
  const seals = verified.map(({ explorer, url, at }) => linkTo(url, explorer, `verified ${at}`));
  return [
    `<tr${gone ? ' class="gone"' : ""}>`,
    `<td>${escapeHtml(name)}${state}</td>`,
    `<td><code>${linkTo(page("address", address), address)}</code></td>`,
    `<td>${linkTo(page("tx", transactionHash), toTime(deployedAt), transactionHash)}</td>`,
    `<td class="number">${toCount(blockNumber)}</td>`,
    `<td><code>${linkTo(page("address", deployer), shorten(deployer), deployer)}</code></td>`,
    `<td class="number">${toCount(BigInt(gasUsed))}</td>`,
    `<td class="number">${toEther(BigInt(feePaid))}</td>`,
    `<td>${seals.length === 0 ? '<span class="dim">no</span>' : seals.join(", ")}</td>`,
    "</tr>",
  ].join("");
}
