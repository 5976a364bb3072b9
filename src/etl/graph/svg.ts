import { escapeHtml } from "../../page.ts";

import type { Layout, Placed } from "./layout.ts";
import type { Edge } from "./model.ts";

/** What colours a state; `none` where the run has not been in it. */
export type StatusOf = (state: string) => string;

const margin = 36;

/** The machine as SVG: no style attributes, colours come from classes. */
export function toSvg(layout: Layout, statusOf: StatusOf): string {
  const width = layout.width + margin * 2 + 60;
  const height = layout.height + margin * 2;
  return [
    `<svg viewBox="0 0 ${String(width)} ${String(height)}" width="${String(width)}" height="${String(height)}" role="img" aria-label="state machine">`,
    '<defs><marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto-start-reverse"><path class="head" d="M0 0 8 4 0 8z"/></marker></defs>',
    ...group(layout, margin, margin, statusOf),
    "</svg>",
  ].join("\n");
}

function group(layout: Layout, dx: number, dy: number, statusOf: StatusOf): string[] {
  const moved = layout.placed.map((placed) => ({ ...placed, x: placed.x + dx, y: placed.y + dy }));
  const byName = new Map(moved.map((placed) => [placed.node.name, placed]));
  const lines = layout.edges.flatMap((edge) => {
    const from = byName.get(edge.from);
    const to = byName.get(edge.to);
    return from === undefined || to === undefined ? [] : [line(edge, from, to)];
  });
  const boxes = moved.flatMap((placed) => [
    box(placed, statusOf),
    ...placed.inner.flatMap((inner) => group(inner, placed.x + inner.x, placed.y + inner.y, statusOf)),
  ]);
  return [...boxes, ...lines];
}

function box({ node, x, y, width, height, inner }: Placed, statusOf: StatusOf): string {
  const name = escapeHtml(node.name);
  const isContainer = inner.length > 0;
  const [textX, anchor] = isContainer ? [x + 14, "start"] : [x + width / 2, "middle"];
  return [
    `<g class="state ${escapeHtml(statusOf(node.name))}${isContainer ? " container" : ""}" data-state="${name}" tabindex="0" role="button" aria-label="${name}">`,
    `<rect x="${px(x)}" y="${px(y)}" width="${px(width)}" height="${px(height)}" rx="8"/>`,
    `<text x="${px(textX)}" y="${px(y + (isContainer ? 20 : 18))}" text-anchor="${anchor}">${name}</text>`,
    isContainer
      ? `<text class="type" x="${px(x + width - 12)}" y="${px(y + 20)}" text-anchor="end">${escapeHtml(node.type)}</text>`
      : `<text class="type" x="${px(textX)}" y="${px(y + 33)}" text-anchor="middle">${escapeHtml(node.type)}</text>`,
    "</g>",
  ].join("");
}

function line({ kind, label }: Edge, from: Placed, to: Placed): string {
  const title = label === "" ? "" : `<title>${escapeHtml(label)}</title>`;
  return `<path class="edge ${kind}" d="${to.y > from.y ? down(from, to) : back(from, to)}" marker-end="url(#arrow)">${title}</path>`;
}

/** From the bottom of one state to the top of another below it; round what stands between. */
function down(from: Placed, to: Placed): string {
  const start = [from.x + from.width / 2, from.y + from.height] as const;
  const end = [to.x + to.width / 2, to.y] as const;
  const rows = (end[1] - start[1]) / 84;
  if (rows > 1.2 && Math.abs(start[0] - end[0]) < 60) {
    const side = Math.max(from.x + from.width, to.x + to.width) + 14;
    const [fromSide, toSide] = [from.y + from.height / 2, to.y + to.height / 2];
    return `M${px(from.x + from.width)} ${px(fromSide)}C${px(side + 40)} ${px(fromSide)} ${px(side + 40)} ${px(toSide)} ${px(to.x + to.width)} ${px(toSide)}`;
  }
  const middle = (start[1] + end[1]) / 2;
  return `M${px(start[0])} ${px(start[1])}C${px(start[0])} ${px(middle)} ${px(end[0])} ${px(middle)} ${px(end[0])} ${px(end[1])}`;
}

/** A way back, along the left side. */
function back(from: Placed, to: Placed): string {
  const side = Math.min(from.x, to.x) - 44;
  const [fromY, toY] = [from.y + from.height / 2, to.y + to.height / 2];
  return `M${px(from.x)} ${px(fromY)}C${px(side)} ${px(fromY)} ${px(side)} ${px(toY)} ${px(to.x)} ${px(toY)}`;
}

function px(value: number): string {
  return String(Math.round(value * 10) / 10);
}
