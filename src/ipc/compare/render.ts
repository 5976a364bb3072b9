import { escapeHtml, page } from "../../page.ts";
import type { TransportName } from "../contract.ts";
import type { Measured } from "./measure.ts";

const columns = [
  "transport",
  "round trip",
  "× C",
  "calls/s",
  "CPU/call",
  "cross-platform",
  "file",
  "service",
  "easy",
  "what",
] as const;

/** The table and a bar a transport, as a terminal shows it. */
export function renderComparison(rows: readonly Measured[]): string {
  const cells = [columns, ...rows.map(rowOf)];
  const widths = columns.map((_, index) => Math.max(...cells.map((row) => (row[index] ?? "").length)));
  const table = cells.map((row) =>
    row
      .map((cell, index) => cell.padEnd(widths[index] ?? 0))
      .join("  ")
      .trimEnd(),
  );
  return [...table, "", "Round trip, microseconds (logarithmic)", ...renderBars(rows)].join("\n");
}

function rowOf(row: Measured): readonly string[] {
  const { name, roundTrip, perSecond, cpu, limit, caps, unavailable, summary } = row;
  return [
    name,
    microseconds(roundTrip),
    roundTrip === undefined || limit === undefined ? "-" : (roundTrip / limit.roundTrip).toFixed(1),
    perSecond === undefined ? "-" : Math.round(perSecond).toLocaleString("en"),
    microseconds(cpu),
    yesNo(caps.crossPlatform),
    yesNo(caps.needsFile),
    yesNo(caps.needsService),
    yesNo(easyToWrite[name]),
    unavailable === undefined ? summary : `not here: ${unavailable}`,
  ];
}

/** A client without our code takes fewer than ten lines, with a library where there is one. */
const easyToWrite: Readonly<Record<TransportName, boolean>> = {
  fifo: true,
  file: false,
  redis: true,
  mqtt: true,
  shm: false,
  signal: true,
  socket: true,
  rpc: true,
};

const yesNo = (value: boolean) => (value ? "yes" : "no");

function microseconds(value: number | undefined): string {
  if (value === undefined) return "-";
  return `${value < 1000 ? value.toFixed(1) : Math.round(value).toLocaleString("en")} µs`;
}

const barWidth = 50;

function renderBars(rows: readonly Measured[]): readonly string[] {
  const bars = barsOf(rows);
  const width = Math.max(0, ...bars.map(({ name }) => name.length));
  return bars.map(({ name, share, value }) =>
    [name.padEnd(width), "█".repeat(Math.max(1, Math.round(share * barWidth))), microseconds(value)].join(" "),
  );
}

type Bar = { readonly name: string; readonly value: number; readonly share: number };

/** The measured round trips and the limits beside them, from the shortest to the longest. */
function barsOf(rows: readonly Measured[]): readonly Bar[] {
  const limits = new Map(
    rows.flatMap(({ limit }) => (limit === undefined ? [] : [[`C ${limit.kind}`, limit.roundTrip] as const])),
  );
  const values = [
    ...rows.flatMap(({ name, roundTrip }) => (roundTrip === undefined ? [] : [[name, roundTrip] as const])),
    ...limits,
  ].sort(([, a], [, b]) => a - b);
  const most = Math.max(2, ...values.map(([, value]) => value));
  return values.map(([name, value]) => ({ name, value, share: Math.log(1 + value) / Math.log(1 + most) }));
}

/** The same as one page that loads nothing. */
export function renderComparisonPage(
  rows: readonly Measured[],
  { machine, date }: { readonly machine: string; readonly date: string },
): string {
  const head = columns.map((name) => `<th>${escapeHtml(name)}</th>`).join("");
  const body = rows
    .map(
      (row) =>
        `<tr>${rowOf(row)
          .map((cell) => `<td>${escapeHtml(cell)}</td>`)
          .join("")}</tr>`,
    )
    .join("\n");
  return page({
    title: "IPC compared",
    style:
      "table{border-collapse:collapse}td,th{padding:.3em .8em;text-align:left;border-bottom:1px solid var(--line)}svg text{fill:var(--text);font:13px sans-serif}svg rect{fill:var(--accent)}svg .limit{fill:var(--dim)}.wide{overflow-x:auto}",
    body: [
      "<h1>Ways for two programs to talk</h1>",
      `<p>Measured on ${escapeHtml(date)}, ${escapeHtml(machine)}: both ends on one core, medians.</p>`,
      `<div class="wide"><table><thead><tr>${head}</tr></thead><tbody>\n${body}\n</tbody></table></div>`,
      "<h2>Round trip, logarithmic</h2>",
      renderSvg(barsOf(rows)),
    ].join("\n"),
  });
}

const rowHeight = 26;
const chartWidth = 760;
const labelWidth = 90;

function renderSvg(bars: readonly Bar[]): string {
  const height = bars.length * rowHeight;
  const items = bars.map(({ name, value, share }, index) => {
    const y = index * rowHeight;
    const width = Math.round(share * (chartWidth - labelWidth - 100));
    return [
      `<text x="0" y="${String(y + 17)}">${escapeHtml(name)}</text>`,
      `<rect ${name.startsWith("C ") ? 'class="limit" ' : ""}x="${String(labelWidth)}" y="${String(y + 4)}" width="${String(width)}" height="18" rx="3"/>`,
      `<text x="${String(labelWidth + width + 8)}" y="${String(y + 17)}">${escapeHtml(microseconds(value))}</text>`,
    ].join("");
  });
  return `<svg viewBox="0 0 ${String(chartWidth)} ${String(height)}" role="img" aria-label="Round trips">${items.join("\n")}</svg>`;
}
