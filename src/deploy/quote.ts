import { type Cost, costOf, sumOf } from "../gas/cost.ts";
import { chooseFees, type Fees, type Speed } from "../gas/market.ts";
import type { Plan, Step } from "./step.ts";
import { withFees } from "./sign.ts";
import type { Target } from "./target.ts";

type QuotedStep = Cost & { readonly label: string; readonly gas: bigint; readonly gasLimit: bigint };

/** What a plan costs, in wei. */
export type Quote = Cost & {
  readonly speed: Speed;
  readonly fees: Fees;
  /** Wei per gas that no replacement goes beyond: the worst case is reckoned with it. */
  readonly feeCeiling: bigint;
  readonly steps: readonly QuotedStep[];
};

type QuoteOptions = {
  readonly speed: Speed;
  /** Wei per gas. */
  readonly maxFee?: bigint | undefined;
  readonly chainId: number;
  /** What an OP-stack chain takes for the data of a transaction, unsigned and RLP-encoded. */
  readonly l1FeeOf?: ((serialized: string) => Promise<Cost>) | undefined;
};

/**
 * Prices a plan. Without `maxFee` replacements may offer half more than the first version, which is three raises.
 */
export async function quote(
  plan: Plan,
  target: Target,
  { speed, maxFee, chainId, l1FeeOf }: QuoteOptions,
): Promise<Quote> {
  const fees = chooseFees(target.market, speed, maxFee);
  const feeCeiling = maxFee ?? (fees.maxFeePerGas * 3n) / 2n;
  const steps = await Promise.all(
    plan.steps.map(async (step) => {
      const l1Fee = l1FeeOf === undefined ? undefined : await l1FeeOf(await serialize(step, chainId, fees));
      const gas = {
        gas: step.gasUsed,
        gasLimit: step.gasLimit,
        value: step.value,
        ...(l1Fee === undefined ? {} : { l1Fee }),
      };
      const { expected } = costOf(gas, fees);
      const { worst } = costOf(gas, { ...fees, maxFeePerGas: feeCeiling });
      return { label: step.label, gas: step.gasUsed, gasLimit: step.gasLimit, expected, worst };
    }),
  );
  return { ...sumOf(steps), speed, fees, feeCeiling, steps };
}

async function serialize({ nonce, to, data, value, gasLimit }: Step, chainId: number, fees: Fees): Promise<string> {
  const { Transaction } = await import("ethers/transaction");
  return Transaction.from(withFees({ chainId, nonce, to: to ?? null, data, value, gasLimit }, fees)).unsignedSerialized;
}
