import { RpcError, type Request } from "../../../src/etl/transfers/request.ts";
import { lengthOf, type Range, type Refusal } from "../../../src/etl/transfers/refusal.ts";

type Log = { readonly block: number; readonly index: number };

/** A chain of numbered logs behind an endpoint that hides its limits. */
export type FakeEndpoint = {
  readonly request: Request;
  readonly asked: readonly Range[];
  readonly refused: readonly Range[];
};

/**
 * @param logsIn how many logs a block has.
 * @param refuse what it says instead of an answer, `undefined` to answer.
 */
export function fakeEndpoint(
  logsIn: (block: number) => number,
  refuse: (range: Range, logs: number) => Refusal | undefined,
): FakeEndpoint {
  const asked: Range[] = [];
  const refused: Range[] = [];
  const request: Request = async (_method, params) => {
    const [{ fromBlock, toBlock }] = params as [{ fromBlock: string; toBlock: string }];
    const range = { from: Number(fromBlock), to: Number(toBlock) };
    asked.push(range);
    const logs: Log[] = [];
    for (let block = range.from; block <= range.to; block += 1)
      for (let index = 0; index < logsIn(block); index += 1) logs.push({ block, index });
    const refusal = refuse(range, logs.length);
    if (refusal === undefined) return logs;
    refused.push(range);
    throw new RpcError(refusal);
  };
  return { request, asked, refused };
}

/**
 * Blocks whose numbers of logs differ by chance, always the same chance: about normal, around `mean`.
 *
 * @param spread the standard deviation, as a part of the mean.
 */
export function unevenBlocks(mean: number, spread: number): (block: number) => number {
  return (block) => {
    let sum = 0;
    for (let part = 1; part <= 3; part += 1) sum += fraction(Math.sin(block * 12.9898 + part * 78.233) * 43_758.5453);
    return Math.max(0, Math.round(mean * (1 + spread * (sum - 1.5) * 2)));
  };
}

function fraction(value: number): number {
  return value - Math.floor(value);
}

/** Whether ranges cover `whole` exactly once. */
export function covers(ranges: readonly Range[], whole: Range): boolean {
  const sorted = [...ranges].sort((one, other) => one.from - other.from);
  const isJoined = sorted.every(({ from }, at) => from === (at === 0 ? whole.from : (sorted[at - 1]?.to ?? 0) + 1));
  return isJoined && sorted.at(-1)?.to === whole.to && sorted.reduce((sum, range) => sum + lengthOf(range), 0) > 0;
}
