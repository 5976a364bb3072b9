import { escapeHtml } from "../../page.ts";
import type { EventType, ReportedEvent, ReportedRun } from "./runs.ts";
import { toGwei } from "./text.ts";

type MarkType = EventType | "signed";

const [width, rowHeight, left, right, markWidth] = [960, 30, 230, 915, 15];

/** From signing to the last word of the chain, a row a step. */
export function drawTimeline({ startedAt, steps, events }: ReportedRun): string {
  const begin = Date.parse(startedAt);
  const end = Math.max(begin + 100, ...events.map(({ at }) => Date.parse(at)));
  const x = (at: string) => left + ((Date.parse(at) - begin) / (end - begin)) * (right - left);
  const height = rowHeight * (steps.length + 1) + 6;
  const rows = steps.flatMap(({ label, nonce, offers }, index) => {
    const own = events.filter((event) => event.nonce === nonce);
    const y = rowHeight * index + rowHeight / 2;
    const places = spread([left, ...own.map(({ at }) => x(at))]);
    return [
      `<text x="0" y="${String(y + 5)}">${escapeHtml(label)}</text>`,
      `<line class="way" x1="${String(left)}" x2="${(places.at(-1) ?? left).toFixed(1)}" y1="${String(y)}" y2="${String(y)}"/>`,
      drawMark("signed", left, y, `signed at ${startedAt}, offering ${toGwei(offers[0] ?? 0n)} gwei`),
      ...own.map((event, place) => drawMark(event.type, places[place + 1] ?? left, y, describeEvent(event))),
    ];
  });
  return [
    `<svg class="timeline" viewBox="0 0 ${String(width)} ${String(height)}" role="img" aria-label="Timeline of the run">`,
    ...drawTicks(end - begin, rowHeight * steps.length),
    ...rows,
    "</svg>",
    drawLegend(["signed", ...new Set(events.map(({ type }) => type))]),
  ].join("\n");
}

/** Moves marks to the right until none lies upon another. */
function spread(places: readonly number[]): readonly number[] {
  const free: number[] = [];
  for (const place of places) free.push(Math.max(place, (free.at(-1) ?? -markWidth) + markWidth));
  return free;
}

/** What one event says, in words. */
function describeEvent({ type, at, hash, blockNumber }: ReportedEvent): string {
  const where = blockNumber === undefined ? "" : ` in block ${String(blockNumber)}`;
  return `${wordOf[type]}${where} at ${at}${hash === undefined ? "" : `, ${hash}`}`;
}

export const wordOf: Readonly<Record<MarkType, string>> = {
  signed: "signed",
  sent: "sent",
  resent: "sent again",
  replaced: "replaced with a higher fee",
  mined: "mined",
  reorganised: "lost in a reorganisation",
  taken: "nonce used by another transaction",
};

/** A mark of its own shape for each kind of event: colours alone do not reach everybody. */
function drawMark(type: MarkType, x: number, y: number, title: string): string {
  const at = `translate(${x.toFixed(1)} ${y.toFixed(1)})`;
  return `<g class="mark ${type}" transform="${at}"><title>${escapeHtml(title)}</title>${shapes[type]}</g>`;
}

const shapes: Readonly<Record<MarkType, string>> = {
  signed: `<path d="M0-7L7 0 0 7-7 0z"/>`,
  sent: `<circle r="6"/>`,
  resent: `<circle r="6"/><circle class="hole" r="3"/>`,
  replaced: `<path d="M0-8L8 6-8 6z"/>`,
  mined: `<rect x="-6" y="-6" width="12" height="12" rx="2"/>`,
  reorganised: `<path d="M-6-6L6 6M6-6L-6 6"/>`,
  taken: `<path d="M-6-6L6 6M6-6L-6 6"/>`,
};

function drawLegend(types: readonly MarkType[]): string {
  const entries = types.map(
    (type) =>
      `<span><svg class="timeline key" viewBox="-9 -9 18 18" aria-hidden="true">${drawMark(type, 0, 0, wordOf[type])}</svg>${wordOf[type]}</span>`,
  );
  return `<p class="legend">${entries.join("")}</p>`;
}

function drawTicks(spanMs: number, bottom: number): readonly string[] {
  return [0, 0.25, 0.5, 0.75, 1].flatMap((part) => {
    const x = (left + part * (right - left)).toFixed(1);
    const anchor = part === 1 ? "end " : part === 0 ? "" : "middle ";
    return [
      `<line class="grid" x1="${x}" x2="${x}" y1="0" y2="${String(bottom)}"/>`,
      `<text class="${anchor}dim" x="${x}" y="${String(bottom + 24)}">${toDuration(part * spanMs)}</text>`,
    ];
  });
}

function toDuration(ms: number): string {
  if (ms === 0) return "0";
  if (ms < 1_000) return `${ms.toFixed(0)} ms`;
  if (ms < 180_000) return `${(ms / 1_000).toFixed(1)} s`;
  return `${(ms / 60_000).toFixed(0)} min`;
}
