import type { AnswerError } from "./rpc.ts";

/**
 * What a node means when it refuses a raw transaction. Clients word it differently (geth, reth, Nethermind, Besu,
 * Erigon, anvil, Hardhat); there is no code for it in the Ethereum JSON-RPC specification.
 */
export type Refusal =
  | "known"
  | "nonce too low"
  | "nonce too high"
  | "replacement underpriced"
  | "underpriced"
  | "no funds"
  | "pool full"
  | "reverts"
  | "invalid";

const patterns: readonly (readonly [Refusal, RegExp])[] = [
  [
    "known",
    /already known|known transaction|alreadyknown|already imported|already in mempool|transaction already exists|already been imported/iu,
  ],
  [
    "replacement underpriced",
    /replacement (transaction|tx)|replacement.*underpriced|could not replace|max(priority)?feepergas too low to replace|not enough fee bump/iu,
  ],
  [
    "nonce too low",
    /nonce (is )?too low|nonce has already been used|oldnonce|invalid nonce.*lower|expected nonce to be \d+ but got|nonce too low/iu,
  ],
  ["nonce too high", /nonce (is )?too high|nonce gap|future nonce|tx-nonce-too-high|nonces? too far/iu],
  ["no funds", /insufficient (funds|balance)|not enough funds|doesn't have enough funds|upfront cost|overshot/iu],
  [
    "pool full",
    /txpool is full|pool is full|too many (pending|transactions)|account limit|exceeds (max|the) .*pending|pending limit|queue is full|txpooloverflow|in-flight transaction limit|slots? (limit|exhausted)|max pending/iu,
  ],
  [
    "underpriced",
    /underpriced|fee too low|less than (the )?block base fee|max fee per gas less|feecap|fee cap|gas price (is )?(too low|below)|lower than .*base ?fee|tip (is )?too low/iu,
  ],
  ["reverts", /revert/iu],
];

/** Understands why a transaction was refused; anything unknown is `"invalid"`. */
export function understandRefusal({ message }: AnswerError): Refusal {
  return patterns.find(([, pattern]) => pattern.test(message))?.[0] ?? "invalid";
}
