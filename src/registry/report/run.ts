import { escapeHtml } from "../../page.ts";
import { counted } from "../../text.ts";
import type { DeploymentRecord } from "../record.ts";
import type { ChainFacts, Charge } from "./chain.ts";
import { drawBaseFee } from "./fee-chart.ts";
import { type Bar, drawGas } from "./gas-chart.ts";
import type { ReportedRun, ReportedStep } from "./runs.ts";
import { linkTo, shorten, toGwei, toTime } from "./text.ts";
import { drawTimeline, wordOf } from "./timeline.ts";

type Surroundings = { readonly explorerUrl: string | undefined; readonly chain: ChainFacts | undefined };

/** One run whose journal lies here: what it cost, what the chain charged meanwhile, and what happened when. */
export function renderRun(
  run: ReportedRun,
  { explorerUrl, chain }: Surroundings,
  charges: ReadonlyMap<string, Charge>,
): string {
  const { id, startedAt, finished, steps, events } = run;
  const mined = new Set(
    events.flatMap(({ type, blockNumber }) => (type === "mined" && blockNumber !== undefined ? [blockNumber] : [])),
  );
  const senders = [...new Set(steps.map(({ from }) => from))].map((from) =>
    linkTo(explorerUrl === undefined ? undefined : `${explorerUrl}/address/${from}`, shorten(from), from),
  );
  const fees = drawBaseFee(chain?.baseFees.get(id) ?? [], mined);
  return [
    `<article class="card" id="${escapeHtml(id)}">`,
    `<h3>${toTime(startedAt)}${finished ? "" : ' <span class="warn">not finished: the next deploy goes on with it</span>'}</h3>`,
    `<div class="dim">${counted(steps.length, "transaction")} from <code>${senders.join(", ")}</code> · <code>${escapeHtml(id)}</code></div>`,
    "<h4>Gas and fee</h4>",
    drawGas(steps.map((step) => toBar(run, step, charges))),
    ...(fees === "" ? [] : ["<h4>Base fee, gwei; dots are blocks with transactions of this run</h4>", fees]),
    "<h4>Timeline</h4>",
    drawTimeline(run),
    renderEvents(run, explorerUrl),
    "</article>",
  ].join("\n");
}

/** A run that the records tell of and whose journal lies elsewhere. */
export function renderUnknownRun(
  id: string,
  contracts: readonly { readonly name: string; readonly record: DeploymentRecord }[],
): string {
  const bars = contracts.map(({ name, record: { metacoin } }) => ({
    label: name,
    gasUsed: BigInt(metacoin.gasUsed),
    feePaid: BigInt(metacoin.feePaid),
    landed: true,
  }));
  const at = contracts.map(({ record }) => record.metacoin.deployedAt).sort()[0] ?? "";
  return [
    `<article class="card" id="${escapeHtml(id)}">`,
    `<h3>${toTime(at)}</h3>`,
    `<div class="dim">${counted(contracts.length, "contract")} · <code>${escapeHtml(id)}</code></div>`,
    "<h4>Gas and fee</h4>",
    drawGas(bars),
    '<p class="note">The journal of this run is not on this machine, so there is no timeline: this is what the records say.</p>',
    "</article>",
  ].join("\n");
}

function toBar(
  { events }: ReportedRun,
  { label, nonce, gasUsed }: ReportedStep,
  charges: ReadonlyMap<string, Charge>,
): Bar {
  const hash = events.findLast((event) => event.type === "mined" && event.nonce === nonce)?.hash;
  const charge = hash === undefined ? undefined : charges.get(hash);
  return { label, gasUsed: charge?.gasUsed ?? gasUsed, feePaid: charge?.feePaid, landed: hash !== undefined };
}

function renderEvents({ startedAt, steps, events }: ReportedRun, explorer: string | undefined): string {
  const signed = steps.map(({ label, nonce, offers }) =>
    renderRow(startedAt, wordOf.signed, label, nonce, escapeHtml(`up to ${offers.map(toGwei).join(", then ")} gwei`)),
  );
  const happened = events.map(({ type, at, label, nonce, hash, blockNumber }) => {
    const url = explorer === undefined || hash === undefined ? undefined : `${explorer}/tx/${hash}`;
    const block = blockNumber === undefined ? "" : ` block ${String(blockNumber)}`;
    const transaction = hash === undefined ? "" : `<code>${linkTo(url, shorten(hash), hash)}</code>`;
    return renderRow(at, wordOf[type], label, nonce, `${transaction}${block}`);
  });
  return [
    `<details><summary>${counted(signed.length + happened.length, "event")}</summary><table>`,
    '<thead><tr><th>time</th><th>event</th><th>step</th><th class="number">nonce</th><th></th></tr></thead>',
    `<tbody>${[...signed, ...happened].join("\n")}</tbody>`,
    "</table></details>",
  ].join("\n");
}

/** @param detail HTML. */
function renderRow(at: string, what: string, label: string, nonce: number, detail: string): string {
  const time = at.slice(11, 23);
  return `<tr><td>${escapeHtml(time)}</td><td>${what}</td><td>${escapeHtml(label)}</td><td class="number">${String(nonce)}</td><td>${detail}</td></tr>`;
}
