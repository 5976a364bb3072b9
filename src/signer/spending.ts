/** One transaction that was signed, or is about to be. */
export type Spent = {
  readonly atMs: number;
  /** Value and highest fee, in wei. */
  readonly wei: bigint;
};

/** What was signed lately: a signature counts whether or not its transaction was ever sent. */
export type Spending = {
  within(windowMs: number): { readonly count: number; readonly spend: bigint };
  /** Counts a transaction before it is signed, so that two at once cannot both be the last one allowed; gives the way to take it back. */
  reserve(wei: bigint): () => void;
};

/**
 * Remembers the signatures of the longest window in use.
 *
 * @param history what the audit log remembers of earlier runs: a restart empties no window.
 */
export function createSpending(now: () => number, keepMs: number, history: readonly Spent[] = []): Spending {
  let spent = [...history];
  return {
    within(windowMs) {
      const since = now() - windowMs;
      const counted = spent.filter(({ atMs }) => atMs > since);
      return { count: counted.length, spend: counted.reduce((sum, { wei }) => sum + wei, 0n) };
    },
    reserve(wei) {
      const entry = { atMs: now(), wei };
      spent = [...spent.filter(({ atMs }) => atMs > entry.atMs - keepMs), entry];
      return () => {
        spent = spent.filter((other) => other !== entry);
      };
    },
  };
}
