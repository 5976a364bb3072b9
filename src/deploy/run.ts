import type { SignedTransaction } from "./sign.ts";
import type { Step } from "./step.ts";

/** Everything that was decided before the first byte is sent. */
export type Run = {
  /** Sortable by time, unique: the name of its journal afterwards. */
  readonly id: string;
  readonly network: string;
  readonly chainId: number;
  readonly genesisHash: string;
  /** ISO 8601. */
  readonly startedAt: string;
  /** The head of the chain when the run was signed. */
  readonly startBlock: number;
  /** Wei per gas: what a replacement may offer at the most. */
  readonly feeCeiling: bigint;
  readonly slots: readonly Slot[];
};

/** A step with the transactions that were signed for its nonce; one of them lands and never two. */
export type Slot = {
  readonly step: Step;
  /** Oldest first; replacements behind. Only ever grows, and only after the journal has the new one. */
  readonly versions: SignedTransaction[];
};
