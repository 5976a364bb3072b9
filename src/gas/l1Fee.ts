import { readQuantity } from "../rpc/quantity.ts";
import { RpcAnswerError } from "../rpc/rpc.ts";
import type { Cost } from "./cost.ts";
import type { Request } from "./market.ts";

/** The predeploy of the OP stack that knows what its data costs on the layer below. */
export const GAS_PRICE_ORACLE = "0x420000000000000000000000000000000000000F";

/** `getL1Fee(bytes)`: for the very transaction, unsigned and RLP-encoded. */
const getL1Fee = "0x49948e0e";
/** `getL1FeeUpperBound(uint256)`, since Fjord: for any transaction of this length. */
const getL1FeeUpperBound = "0xf1c7a58b";

/**
 * What an OP-stack chain takes for the data of a transaction, on top of its gas.
 *
 * No field of a transaction caps it, so the worst case allows for the price of the layer below to double,
 * as the fees of the transaction itself allow for the base fee to double.
 *
 * @param transaction the unsigned transaction, RLP-encoded, in hexadecimal.
 * @see https://specs.optimism.io/protocol/fjord/exec-engine.html
 */
export async function readL1Fee(request: Request, transaction: string): Promise<Cost> {
  const bytes = transaction.replace(/^0x/u, "");
  const length = bytes.length / 2;
  const [expected, bound] = await Promise.all([
    ask(request, [getL1Fee, word(32), word(length), bytes.padEnd(Math.ceil(length / 32) * 64, "0")]),
    ask(request, [getL1FeeUpperBound, word(length)]).catch(unlessAnswered),
  ]);
  return { expected, worst: 2n * (bound !== undefined && bound > expected ? bound : expected) };
}

async function ask(request: Request, data: readonly string[]): Promise<bigint> {
  return readQuantity(
    await request("eth_call", [{ to: GAS_PRICE_ORACLE, data: data.join("") }, "latest"]),
    "an L1 fee",
  );
}

/** A chain before Fjord reverts: it knows no upper bound. */
function unlessAnswered(error: unknown): undefined {
  if (!(error instanceof RpcAnswerError)) throw error;
}

function word(value: number): string {
  return value.toString(16).padStart(64, "0");
}
