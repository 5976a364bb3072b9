import type { Block, Receipt } from "../rpc/chain.ts";
import type { Clock } from "../rpc/backoff.ts";
import type { Rpc } from "../rpc/rpc.ts";
import type { Journal, JournalEvent } from "./journal.ts";
import type { Run, Slot } from "./run.ts";
import type { SignedTransaction, TransactionSigner } from "./sign.ts";

/** What became of a slot. */
export type Outcome =
  | {
      readonly kind: "landed" | "reverted" | "released";
      readonly receipt: Receipt;
      readonly block: Block;
      readonly signed: SignedTransaction;
    }
  /** The nonce was used by a transaction that is not ours. */
  | { readonly kind: "taken"; readonly by: string };

/** What happens while transactions are on their way; `label` is the step's. */
export type BroadcastEvent =
  | { readonly type: "sent" | "resent"; readonly label: string; readonly nonce: number; readonly hash: string }
  | {
      readonly type: "replaced";
      readonly label: string;
      readonly nonce: number;
      readonly hash: string;
      readonly maxFeePerGas: bigint;
    }
  | {
      readonly type: "mined";
      readonly label: string;
      readonly nonce: number;
      readonly hash: string;
      readonly blockNumber: number;
    }
  | { readonly type: "reorganised"; readonly label: string; readonly nonce: number; readonly blockNumber: number }
  | { readonly type: "taken"; readonly label: string; readonly nonce: number; readonly hash: string }
  /** The fee ceiling is below the base fee: waiting is all that is left. */
  | { readonly type: "ceiling"; readonly label: string; readonly baseFeePerGas: bigint; readonly feeCeiling: bigint }
  /** The endpoint takes no more than `size` pending transactions of one sender. */
  | { readonly type: "window"; readonly size: number }
  | { readonly type: "confirming"; readonly have: number; readonly need: number };

export type BroadcastOptions = {
  readonly rpc: Rpc;
  readonly journal: Journal;
  readonly signerOf: (address: string) => TransactionSigner;
  /** Blocks, the one of the transaction included. */
  readonly confirmations: number;
  readonly clock: Clock;
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: BroadcastEvent) => void;
  /** A transaction that is not mined after so many blocks is replaced (5). */
  readonly stuckAfterBlocks?: number;
};

/** One slot on its way. */
export type Flyer = {
  readonly index: number;
  readonly slot: Slot;
  /** True while an endpoint is believed to have the newest version. */
  sent: boolean;
  /** The head when it was last sent, undefined before. */
  sentAtBlock: number | undefined;
  /** The first head whose base fee was above the newest version's cap, undefined while it is not. */
  overCapSince: number | undefined;
  /** The endpoint refused the newest version for its fees. */
  refusedFees: boolean;
  /** How often the endpoint called the bytes invalid. */
  refusals: number;
  /** How often the nonce was used and no receipt of ours was found. */
  missing: number;
  outcome: Outcome | undefined;
};

/** The state of one broadcast. */
export type Flight = {
  readonly run: Run;
  readonly options: BroadcastOptions;
  readonly flyers: readonly Flyer[];
  head: Block | undefined;
  /** The confirmations that were last reported. */
  confirmed: number;
  /** How many transactions of one sender the endpoint takes at once. */
  window: number;
  /** The message of the endpoint, while the sender cannot pay. */
  shortOfFunds: string | undefined;
};

export function takeOff(run: Run, options: BroadcastOptions): Flight {
  const flyers = run.slots.map((slot, index) => ({
    index,
    slot,
    sent: false,
    sentAtBlock: undefined,
    overCapSince: undefined,
    refusedFees: false,
    refusals: 0,
    missing: 0,
    outcome: undefined,
  }));
  return {
    run,
    options,
    flyers,
    head: undefined,
    confirmed: 0,
    window: Number.POSITIVE_INFINITY,
    shortOfFunds: undefined,
  };
}

/** The version that counts: the newest. */
export function newest({ slot }: Flyer): SignedTransaction {
  const signed = slot.versions.at(-1);
  if (signed === undefined) throw new RangeError(`${slot.step.label} was never signed`);
  return signed;
}

export function isOpen(flyer: Flyer): boolean {
  return flyer.outcome === undefined;
}

/**
 * The open slots that may be on their way now: those of one sender, in order. The order of two senders inside a block is
 * the builder's, so the next sender waits until everything before it is mined.
 */
export function currentFlyers({ flyers }: Flight): readonly Flyer[] {
  const open = flyers.filter(isOpen);
  const from = open[0]?.slot.step.from;
  const other = open.findIndex(({ slot }) => slot.step.from !== from);
  return other === -1 ? open : open.slice(0, other);
}

/** Tells the watcher and the journal. */
export function report({ options }: Flight, event: BroadcastEvent): void {
  options.onEvent?.(event);
  if (event.type === "ceiling" || event.type === "window" || event.type === "confirming") return;
  const facts = Object.entries(event).map(([name, value]) => [
    name,
    typeof value === "bigint" ? value.toString() : value,
  ]);
  const note: JournalEvent = {
    ...Object.fromEntries(facts),
    type: event.type,
    at: new Date(options.clock.now()).toISOString(),
  };
  options.journal.note(note);
}
