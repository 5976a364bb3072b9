import { readBlock, readReceipt } from "../../rpc/chain.ts";
import { toQuantity } from "../../rpc/quantity.ts";
import { type Rpc, valueOf } from "../../rpc/rpc.ts";
import type { ReportedRun } from "./runs.ts";

/** What only the chain knows of the runs. */
export type ChainFacts = {
  /** By transaction hash. */
  readonly charges: ReadonlyMap<string, Charge>;
  /** By the id of the run: the base fee of its blocks, in their order. */
  readonly baseFees: ReadonlyMap<string, readonly BaseFee[]>;
};

/** Gas that a transaction used and wei that it paid; undefined where nobody noted it. */
export type Charge = { readonly gasUsed: bigint; readonly feePaid: bigint | undefined };

export type BaseFee = { readonly blockNumber: number; readonly weiPerGas: bigint };

/** Blocks shown before and behind those of a run. */
const margin = 3;
/** A run that waited for days is shown by its last blocks. */
const mostBlocks = 120;

/** Asks the chain for receipts and base fees of runs, in two round trips. */
export async function readChainFacts(rpc: Rpc, runs: readonly ReportedRun[]): Promise<ChainFacts> {
  const hashes = [...new Set(runs.flatMap(({ events }) => events.map(minedHash)))].filter((hash) => hash !== undefined);
  const [head, ...receipts] = await rpc.send([
    { method: "eth_getBlockByNumber", params: ["latest", false] },
    ...hashes.map((hash) => ({ method: "eth_getTransactionReceipt", params: [hash] })),
  ]);
  const height = readBlock(valueOf(head, "eth_getBlockByNumber")).number;
  const charges = receipts
    .map((answer) => readReceipt(valueOf(answer, "eth_getTransactionReceipt")))
    .filter((receipt) => receipt !== undefined)
    .map(({ transactionHash, gasUsed, effectiveGasPrice, l1Fee }) => {
      return [transactionHash, { gasUsed, feePaid: gasUsed * effectiveGasPrice + l1Fee }] as const;
    });
  const spans = runs.map((run) => blocksOf(run, height));
  const numbers = [...new Set(spans.flat())];
  const blocks = await rpc.send(
    numbers.map((number) => ({ method: "eth_getBlockByNumber", params: [toQuantity(number), false] })),
  );
  const fees = new Map<number, bigint>();
  for (const [index, number] of numbers.entries()) {
    const block = valueOf(blocks[index], "eth_getBlockByNumber");
    // A chain that began anew has not come so far.
    const weiPerGas = block === null ? undefined : readBlock(block).baseFeePerGas;
    if (weiPerGas !== undefined) fees.set(number, weiPerGas);
  }
  const baseFees = runs.map(
    ({ id }, index) => [id, (spans[index] ?? []).flatMap((number) => toBaseFee(fees, number))] as const,
  );
  return { charges: new Map(charges), baseFees: new Map(baseFees) };
}

function toBaseFee(fees: ReadonlyMap<number, bigint>, blockNumber: number): readonly BaseFee[] {
  const weiPerGas = fees.get(blockNumber);
  return weiPerGas === undefined ? [] : [{ blockNumber, weiPerGas }];
}

function minedHash({ type, hash }: ReportedRun["events"][number]): string | undefined {
  return type === "mined" ? hash : undefined;
}

function blocksOf({ startBlock, events }: ReportedRun, height: number): readonly number[] {
  const last = Math.max(startBlock, ...events.map(({ blockNumber = 0 }) => blockNumber));
  const end = Math.min(height, last + margin);
  const begin = Math.max(0, startBlock - margin, end - mostBlocks + 1);
  return Array.from({ length: Math.max(0, end - begin + 1) }, (_, index) => begin + index);
}
