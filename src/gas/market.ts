import { type Call, isRecord, RpcAnswerError } from "../rpc/rpc.ts";
import { MalformedAnswerError, readQuantity } from "../rpc/quantity.ts";

/** How soon a transaction should be mined. */
export const SPEEDS = ["slow", "standard", "fast"] as const;
export type Speed = (typeof SPEEDS)[number];

/** One JSON-RPC call to the chain in question. */
export type Request = (method: string, params: readonly unknown[]) => Promise<unknown>;

/** What gas costs now. All prices are wei per gas. */
export type Market = {
  /** False on chains without EIP-1559: there the base fee is 0 and the tips are the whole price. */
  readonly eip1559: boolean;
  /** The base fee that the next block asks for. */
  readonly baseFee: bigint;
  /** The base fees of the last blocks, oldest first, the next block's at the end. */
  readonly baseFees: readonly bigint[];
  readonly trend: Trend;
  /** The priority fee that got transactions mined in the last blocks, per speed. */
  readonly tips: Readonly<Record<Speed, bigint>>;
};

type Trend = "rising" | "falling" | "steady";

/** What a transaction offers, in wei per gas. */
export type Fees = {
  /** 2 is a transaction of EIP-1559; 0 one with `gasPrice`, which `maxFeePerGas` then holds. */
  readonly type: 0 | 2;
  readonly maxFeePerGas: bigint;
  readonly maxPriorityFeePerGas: bigint;
  /** The base fee these fees were chosen under. */
  readonly baseFee: bigint;
};

/** How many blocks the market is read from. */
export const MARKET_BLOCKS = 20;

/** The percentile of the priority fees in a block that each speed pays. */
export const TIP_PERCENTILES: Readonly<Record<Speed, number>> = { slow: 10, standard: 50, fast: 90 };

/** What nodes ask for at least (geth's `--miner.gasprice`), where the last blocks are empty: 0.001 gwei. */
const smallestTip = 1_000_000n;

/** The call whose answer {@link readFeeHistory} reads; for those who send several calls in one batch. */
export const feeHistoryCall: Call = {
  method: "eth_feeHistory",
  params: [`0x${MARKET_BLOCKS.toString(16)}`, "latest", SPEEDS.map((speed) => TIP_PERCENTILES[speed])],
};

/** The fee market of the last {@link MARKET_BLOCKS} blocks, from `eth_feeHistory`, else from `eth_gasPrice`. */
export async function readMarket(request: Request): Promise<Market> {
  const market = readFeeHistory(await answerOf(request, feeHistoryCall));
  return market ?? readGasPrice(await request("eth_gasPrice", []));
}

/** Reads an answer to {@link feeHistoryCall}; undefined where the chain has no base fee. */
export function readFeeHistory(json: unknown): Market | undefined {
  if (!isRecord(json)) return undefined;
  const { baseFeePerGas, gasUsedRatio, reward } = json;
  if (!Array.isArray(baseFeePerGas) || baseFeePerGas.some((fee) => fee === null)) return undefined;
  const baseFees = baseFeePerGas.map((fee: unknown) => readQuantity(fee, "a base fee"));
  const baseFee = baseFees.at(-1);
  if (baseFee === undefined) return undefined;
  return { eip1559: true, baseFee, baseFees, trend: trendOf(baseFees), tips: readTips(reward, gasUsedRatio) };
}

/** The market of a chain without EIP-1559, from its answer to `eth_gasPrice`. */
export function readGasPrice(json: unknown): Market {
  const price = readQuantity(json, "a gas price");
  return {
    eip1559: false,
    baseFee: 0n,
    baseFees: [],
    trend: "steady",
    tips: { slow: price, standard: price, fast: (price * 5n) / 4n },
  };
}

/**
 * The fees to offer: twice the base fee and the tip, so that five full blocks in a row (12.5 % each) do not
 * price the transaction out.
 *
 * @param maxFee what one gas may cost at most, in wei. It may lie below the base fee: the transaction then waits.
 */
export function chooseFees(market: Market, speed: Speed, maxFee?: bigint): Fees {
  const wanted = 2n * market.baseFee + market.tips[speed];
  const maxFeePerGas = maxFee === undefined ? wanted : smaller(wanted, maxFee);
  return {
    type: market.eip1559 ? 2 : 0,
    maxFeePerGas,
    // EIP-1559: the priority fee may not exceed the whole.
    maxPriorityFeePerGas: smaller(market.tips[speed], maxFeePerGas),
    baseFee: market.baseFee,
  };
}

/** "Unknown method" is an answer here: the chain is older than fee histories. */
async function answerOf(request: Request, { method, params }: Call): Promise<unknown> {
  try {
    return await request(method, params);
  } catch (error) {
    if (error instanceof RpcAnswerError) return undefined;
    throw error;
  }
}

/** The median block decides, and only blocks that had transactions: an empty one reports tips of 0. */
function readTips(reward: unknown, gasUsedRatio: unknown): Market["tips"] {
  const ratios: readonly unknown[] = Array.isArray(gasUsedRatio) ? gasUsedRatio : [];
  const rows: readonly unknown[] = Array.isArray(reward) ? reward : [];
  const busy = rows.filter((_, block) => ratios[block] !== 0);
  const [slow = 0n, standard = 0n, fast = 0n] = SPEEDS.map((_, column) => median(busy.map((row) => tip(row, column))));
  return { slow: larger(slow, smallestTip), standard: larger(standard, smallestTip), fast: larger(fast, smallestTip) };
}

function tip(row: unknown, column: number): bigint {
  if (!Array.isArray(row)) throw new MalformedAnswerError("the priority fees of a block", row);
  return readQuantity(row[column], "a priority fee");
}

function median(values: readonly bigint[]): bigint {
  return values.toSorted((one, other) => Number(one - other))[values.length >> 1] ?? 0n;
}

/** From the oldest block to the next one; a change below a tenth is noise. */
function trendOf(baseFees: readonly bigint[]): Trend {
  const [first = 0n] = baseFees;
  const last = baseFees.at(-1) ?? 0n;
  if (last * 10n > first * 11n) return "rising";
  return last * 10n < first * 9n ? "falling" : "steady";
}

function smaller(one: bigint, other: bigint): bigint {
  return one < other ? one : other;
}

function larger(one: bigint, other: bigint): bigint {
  return one > other ? one : other;
}
