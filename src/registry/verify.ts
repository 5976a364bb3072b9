import { messageOf } from "../errors.ts";
import { backoffMs, type Clock } from "../rpc/backoff.ts";

export const explorers = ["etherscan", "sourcify", "blockscout"] as const;
export type Explorer = (typeof explorers)[number];

/** What an explorer said in the end. */
export type Verification = {
  readonly name: string;
  readonly explorer: Explorer;
  readonly status: "verified" | "already verified" | "failed";
  /** The page to look at, where it is verified; the reason, where it failed. */
  readonly detail: string;
};

type VerifyOptions = {
  readonly clock: Clock;
  readonly random: () => number;
  readonly signal?: AbortSignal;
  readonly onRetry?: (reason: string, waitMs: number) => void;
  /** How often an explorer is asked (9): with the growing pauses about two minutes, four at the most. */
  readonly attempts?: number;
};

/** A fresh contract is not indexed yet for some seconds, so the pauses begin longer than those of an endpoint. */
const slowness = 16;

/**
 * Asks an explorer until it has an answer: again, with growing pauses, while it has not indexed the contract or cannot be
 * reached; "already verified" is a success.
 *
 * @param ask throws the explorer's refusal.
 */
export async function verifyUntilAnswered(
  ask: () => Promise<"verified" | "already verified">,
  { clock, random, signal, onRetry, attempts = 9 }: VerifyOptions,
): Promise<{ readonly status: Verification["status"]; readonly reason: string }> {
  for (let attempt = 0; ; attempt++) {
    try {
      return { status: await ask(), reason: "" };
    } catch (error) {
      const reason = messageOf(error);
      const meaning = understand(reason);
      if (meaning === "already verified") return { status: meaning, reason };
      if (meaning === "final" || attempt + 1 >= attempts) return { status: "failed", reason };
      const waitMs = slowness * backoffMs(attempt, undefined, random);
      onRetry?.(reason, waitMs);
      await clock.sleep(waitMs, signal);
    }
  }
}

/** What the words of an explorer, or of the plugin that talks to it, mean. */
function understand(reason: string): "already verified" | "later" | "final" {
  if (/already (been )?verified/iu.test(reason)) return "already verified";
  const later = [
    // The explorer's node is behind: in Etherscan's, the plugin's and Blockscout's words.
    /unable to locate|does not have bytecode|does not contain a contract|not (yet )?(been )?indexed/iu,
    /rate limit|too many|try again|may still succeed|status code (429|5\d\d)/iu,
    /time(d )?-?out|ECONN|ENOTFOUND|EAI_AGAIN|fetch failed|the request to \S+ failed with|could not be reached/iu,
  ];
  return later.some((words) => words.test(reason)) ? "later" : "final";
}
