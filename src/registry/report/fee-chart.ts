import type { BaseFee } from "./chain.ts";
import { toCount, toGwei } from "./text.ts";

const [width, height, left, right, top, bottom] = [960, 170, 110, 950, 14, 136];

/**
 * The base fee from block to block, with a dot where a step was mined.
 *
 * @param mined the blocks with steps of the run.
 */
export function drawBaseFee(fees: readonly BaseFee[], mined: ReadonlySet<number>): string {
  const [first, last] = [fees[0], fees.at(-1)];
  if (first === undefined || last === undefined || fees.length < 2) return "";
  const values = fees.map(({ weiPerGas }) => Number(weiPerGas));
  const [lowest, highest] = [Math.min(...values), Math.max(...values)];
  const span = Math.max(1, last.blockNumber - first.blockNumber);
  const x = (block: number) => left + ((block - first.blockNumber) / span) * (right - left);
  // A flat line stands in the middle.
  const y = (value: number) =>
    highest === lowest ? (top + bottom) / 2 : bottom - ((value - lowest) / (highest - lowest)) * (bottom - top);
  const points = fees.map(
    ({ blockNumber, weiPerGas }) => `${x(blockNumber).toFixed(1)},${y(Number(weiPerGas)).toFixed(1)}`,
  );
  const dots = fees
    .filter(({ blockNumber }) => mined.has(blockNumber))
    .map(
      ({ blockNumber, weiPerGas }) =>
        `<circle cx="${x(blockNumber).toFixed(1)}" cy="${y(Number(weiPerGas)).toFixed(1)}" r="5"><title>block ${String(blockNumber)}: ${toGwei(weiPerGas)} gwei</title></circle>`,
    );
  const levels = highest === lowest ? [highest] : [lowest, highest];
  return [
    `<svg class="fees" viewBox="0 0 ${String(width)} ${String(height)}" role="img" aria-label="Base fee over the run">`,
    ...levels.flatMap((level) => [
      `<line class="grid" x1="${String(left)}" x2="${String(right)}" y1="${y(level).toFixed(1)}" y2="${y(level).toFixed(1)}"/>`,
      `<text class="end dim" x="${String(left - 10)}" y="${(y(level) + 5).toFixed(1)}">${toGwei(BigInt(Math.round(level)))}</text>`,
    ]),
    `<polyline points="${points.join(" ")}"/>`,
    ...dots,
    `<text class="dim" x="${String(left)}" y="${String(height - 8)}">block ${toCount(first.blockNumber)}</text>`,
    `<text class="end dim" x="${String(right)}" y="${String(height - 8)}">block ${toCount(last.blockNumber)}</text>`,
    "</svg>",
  ].join("\n");
}
