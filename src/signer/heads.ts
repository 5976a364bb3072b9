import { randomBytes } from "node:crypto";

import { OverloadedError } from "../ipc/contract.ts";
import type { Clock } from "./keyring.ts";
import type { Endpoint } from "./transaction.ts";

type Notify = (method: string, params: unknown) => void;

export type Heads = {
  /** Sends each new block to `notify` until `signal` aborts or the subscription is given back. */
  subscribe(notify: Notify, signal: AbortSignal): string;
  unsubscribe(id: string): boolean;
};

/** Blocks told at once after a pause; older ones are skipped. */
const mostAtOnce = 16;

const mostListeners = 256;

/**
 * `eth_subscribe("newHeads")` over an endpoint that can only be asked: ethers' socket provider waits for receipts with it.
 * The endpoint is polled while somebody listens, and not otherwise.
 */
export function createHeads(endpoint: Endpoint, clock: Clock, intervalMs = 1000): Heads {
  const listeners = new Map<string, Notify>();
  let last: bigint | undefined;
  let polling = false;

  async function poll(): Promise<void> {
    try {
      const newest = BigInt(String(await endpoint("eth_blockNumber", [])));
      for (let at = firstAfter(newest); at <= newest; at++) await tell(at);
      last = newest;
    } catch {
      // An endpoint that is away for a moment is asked again.
    }
    if (listeners.size > 0) clock.after(intervalMs, () => void poll());
    else polling = false;
  }

  function firstAfter(newest: bigint): bigint {
    if (last === undefined) return newest + 1n;
    const oldest = newest - BigInt(mostAtOnce) + 1n;
    return last + 1n > oldest ? last + 1n : oldest;
  }

  async function tell(number: bigint): Promise<void> {
    const result = await endpoint("eth_getBlockByNumber", [`0x${number.toString(16)}`, false]);
    for (const [subscription, notify] of listeners) notify("eth_subscription", { subscription, result });
  }

  return {
    subscribe(notify, signal) {
      if (listeners.size >= mostListeners) throw new OverloadedError(`${String(mostListeners)} subscriptions are all`);
      const id = `0x${randomBytes(16).toString("hex")}`;
      if (signal.aborted) return id;
      listeners.set(id, notify);
      signal.addEventListener("abort", () => listeners.delete(id), { once: true });
      if (!polling) {
        polling = true;
        last = undefined;
        void poll();
      }
      return id;
    },
    unsubscribe: (id) => listeners.delete(id),
  };
}
