import { escapeHtml } from "../../page.ts";
import { toCount, toEther } from "./text.ts";

export type Bar = {
  readonly label: string;
  readonly gasUsed: bigint;
  /** Wei; undefined where nobody noted it. */
  readonly feePaid: bigint | undefined;
  /** False where the gas is that of the rehearsal. */
  readonly landed: boolean;
};

const [width, rowHeight, labelWidth, barWidth] = [960, 30, 230, 400];

/** Gas and fee of each step, a bar a step. */
export function drawGas(bars: readonly Bar[]): string {
  const most = bars.reduce((most, { gasUsed }) => (gasUsed > most ? gasUsed : most), 1n);
  const height = rowHeight * (bars.length + 1);
  const rows = bars.map(({ label, gasUsed, feePaid, landed }, index) => {
    const top = rowHeight * (index + 1);
    const length = Math.max(2, (Number(gasUsed) / Number(most)) * barWidth);
    const fee = feePaid === undefined ? "" : `${toEther(feePaid)} ETH`;
    return [
      `<text x="0" y="${String(top + 20)}">${escapeHtml(label)}</text>`,
      `<rect class="${landed ? "bar" : "bar planned"}" x="${String(labelWidth)}" y="${String(top + 6)}" width="${length.toFixed(1)}" height="18" rx="3"/>`,
      `<text class="end" x="${String(labelWidth + barWidth + 120)}" y="${String(top + 20)}">${toCount(gasUsed)}</text>`,
      `<text class="end" x="${String(width)}" y="${String(top + 20)}">${fee}</text>`,
    ].join("");
  });
  return [
    `<svg class="gas" viewBox="0 0 ${String(width)} ${String(height)}" role="img" aria-label="Gas and fee of each step">`,
    `<text class="head" x="0" y="18">step</text>`,
    `<text class="head end" x="${String(labelWidth + barWidth + 120)}" y="18">gas</text>`,
    `<text class="head end" x="${String(width)}" y="18">fee</text>`,
    ...rows,
    "</svg>",
  ].join("\n");
}
