/** Slows down guesses at a password, per key (an address) and over all keys together. */
export type Throttle = {
  /** Milliseconds until `key` may try; 0 counts as a try, and a try is a failure until `succeed` says otherwise. */
  attempt(key: string): number;
  succeed(key: string): void;
};

export type ThrottleOptions = {
  /** The time in milliseconds. */
  readonly now: () => number;
  /** Tries that need not wait: people mistype. */
  readonly free?: number;
  /** The wait before the next one; it doubles with each. */
  readonly firstWaitMs?: number;
  readonly longestWaitMs?: number;
  /** Keys remembered; the ones longest without a try are forgotten first. */
  readonly capacity?: number;
};

type Entry = { readonly failures: number; readonly openAt: number };

/** Counts the try before its outcome is known, so that many guesses sent at once are not all free. */
export function createThrottle({
  now,
  free = 5,
  firstWaitMs = 1000,
  longestWaitMs = 15 * 60_000,
  capacity = 1000,
}: ThrottleOptions): Throttle {
  const entries = new Map<string, Entry>();

  return {
    attempt(key) {
      const { failures, openAt } = entries.get(key) ?? { failures: 0, openAt: 0 };
      const waitMs = openAt - now();
      if (waitMs > 0) return waitMs;
      const excess = failures + 2 - free;
      const pauseMs = excess < 1 ? 0 : Math.min(longestWaitMs, firstWaitMs * 2 ** Math.min(excess - 1, 30));
      entries.delete(key);
      entries.set(key, { failures: failures + 1, openAt: now() + pauseMs });
      const [oldest] = entries.keys();
      if (entries.size > capacity && oldest !== undefined) entries.delete(oldest);
      return 0;
    },
    succeed(key) {
      entries.delete(key);
    },
  };
}

/** What one guesser can have many addresses of: the address itself, of IPv6 its network of 64 bits. */
export function networkOf(address: string): string {
  const [, mapped] = /^::ffff:([\d.]+)$/iu.exec(address) ?? [];
  if (mapped !== undefined) return mapped;
  if (!address.includes(":")) return address;
  const [head = [], tail = []] = address.split("::").map((half) => half.split(":").filter((group) => group !== ""));
  const zeros = Array.from({ length: Math.max(0, 8 - head.length - tail.length) }, () => "0");
  return [...head, ...zeros, ...tail].slice(0, 4).join(":");
}
