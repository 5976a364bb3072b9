import type { Fees } from "./market.ts";

/** What something costs, in wei. */
export type Cost = {
  /** At the base fee of now. */
  readonly expected: bigint;
  /** At the highest fee that is offered, with all of the gas limit used: what the account must hold. */
  readonly worst: bigint;
};

export type Gas = {
  /** What was used when it was tried. */
  readonly gas: bigint;
  /** What the transaction may use; `gas` by default. */
  readonly gasLimit?: bigint;
  /** Wei that the transaction carries to its receiver. */
  readonly value?: bigint;
  /** What an OP-stack chain takes for the data on the layer below. */
  readonly l1Fee?: Cost;
};

export const NOTHING: Cost = { expected: 0n, worst: 0n };

/** What a transaction costs under these fees, its value included. */
export function costOf({ gas, gasLimit = gas, value = 0n, l1Fee = NOTHING }: Gas, fees: Fees): Cost {
  return {
    expected: gas * expectedPrice(fees) + value + l1Fee.expected,
    worst: gasLimit * fees.maxFeePerGas + value + l1Fee.worst,
  };
}

export function sumOf(costs: readonly Cost[]): Cost {
  return costs.reduce(
    (sum, { expected, worst }) => ({ expected: sum.expected + expected, worst: sum.worst + worst }),
    NOTHING,
  );
}

/** Wei per gas that is paid at the base fee of now (EIP-1559, effective gas price). */
export function expectedPrice({ baseFee, maxPriorityFeePerGas, maxFeePerGas }: Fees): bigint {
  const price = baseFee + maxPriorityFeePerGas;
  return price < maxFeePerGas ? price : maxFeePerGas;
}
