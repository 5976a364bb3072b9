import { formatEther } from "ethers/utils";

import type { Rules } from "./rules.ts";
import type { Spending } from "./spending.ts";

/** What somebody wants signed, as far as the rules look at it. */
export type Act = TransactionAct | { readonly kind: "message" } | TypedDataAct;

export type TransactionAct = {
  readonly kind: "transaction";
  readonly chainId: number;
  readonly from: string;
  /** `undefined` creates a contract. */
  readonly to: string | undefined;
  readonly value: bigint;
  /** Gas limit times the price cap, in wei. */
  readonly maxFee: bigint;
  readonly data: string;
};

type TypedDataAct = {
  readonly kind: "typedData";
  readonly chainId: number | undefined;
  readonly verifyingContract: string | undefined;
  readonly primaryType: string;
};

/** Why an act is outside the rules: a sentence each; none means that it may be signed without asking. */
export function judge(rules: Rules, act: Act, spending: Spending): string[] {
  switch (act.kind) {
    case "transaction":
      return [...judgeTransaction(rules, act), ...judgeRate(rules, act, spending)];
    case "message":
      return rules.messages ? [] : ["the rules allow no messages"];
    case "typedData":
      return judgeTypedData(rules, act);
  }
}

function judgeTransaction(rules: Rules, act: TransactionAct): string[] {
  const { chainId, to, value, maxFee } = act;
  const reasons: string[] = [];
  if (!rules.chainIds.includes(chainId)) reasons.push(`chain ${String(chainId)} is not among the rules' chains`);
  if (to === undefined) {
    if (!rules.contractCreation) reasons.push("the rules allow no contract creation");
  } else if (rules.recipients !== "any" && !rules.recipients.includes(to) && !isRelease(act))
    reasons.push(`${to} is not among the rules' recipients`);
  if (value > rules.maxValueEth) reasons.push(above("value", value, rules.maxValueEth));
  if (maxFee > rules.maxFeeEth) reasons.push(above("fee", maxFee, rules.maxFeeEth));
  return reasons;
}

/** A bare transfer to oneself, with which an unfinished deployment gives its nonces up: it costs fees alone. */
function isRelease({ from, to, data }: TransactionAct): boolean {
  return to === from && data === "0x";
}

function judgeRate({ rate }: Rules, { value, maxFee }: TransactionAct, spending: Spending): string[] {
  if (rate === undefined) return [];
  const { count, spend } = spending.within(rate.seconds * 1000);
  const window = `in ${String(rate.seconds)} s`;
  const reasons: string[] = [];
  if (count >= rate.maxTransactions)
    reasons.push(`${String(count)} transactions ${window} already, and ${String(rate.maxTransactions)} are allowed`);
  if (rate.maxSpendEth !== undefined && spend + value + maxFee > rate.maxSpendEth)
    reasons.push(above(`value and fees ${window}`, spend + value + maxFee, rate.maxSpendEth));
  return reasons;
}

function judgeTypedData(rules: Rules, act: TypedDataAct): string[] {
  const named = rules.typedData.some(
    ({ chainId, verifyingContract, primaryType }) =>
      chainId === act.chainId &&
      verifyingContract === act.verifyingContract &&
      (primaryType === undefined || primaryType === act.primaryType),
  );
  return named ? [] : [`typed data for ${act.verifyingContract ?? "no contract"} is not among the rules' typed data`];
}

function above(what: string, amount: bigint, limit: bigint): string {
  return `${what} of ${formatEther(amount)} ETH is above ${formatEther(limit)} ETH`;
}
