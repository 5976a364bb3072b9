import { setTimeout as sleep } from "node:timers/promises";

import { type Anvil, startAnvil } from "../../test/helpers/anvil.ts";
import { type CountingProxy, startCountingProxy } from "./proxy.ts";

export type ChainName = keyof typeof chains;

/** The three chains; anvil says that it is Sepolia. */
export const chains = {
  instant: { title: "instant", args: [], latencyMs: 0 },
  "2s": { title: "2 s blocks", args: ["--block-time", "2"], latencyMs: 0 },
  "12s": { title: "12 s blocks, 100 ms", args: ["--block-time", "12"], latencyMs: 100 },
} as const;

/** How long after a block a run starts, so that no tool has luck: the bare script then takes about 11.7 s with 12 s blocks. */
export const phaseMs = 400;

export type Chain = { readonly name: ChainName; readonly anvil: Anvil; readonly proxy: CountingProxy };

export async function startChain(name: ChainName): Promise<Chain> {
  const { args, latencyMs } = chains[name];
  const anvil = await startAnvil(args);
  return { name, anvil, proxy: await startCountingProxy(anvil.url, latencyMs) };
}

export async function stopChain({ anvil, proxy }: Chain): Promise<void> {
  proxy.close();
  await anvil.stop();
}

/** Where blocks come by the clock: until shortly after the next one. */
export async function waitForPhase({ name, anvil }: Chain): Promise<void> {
  if (name === "instant") return;
  const head = () => anvil.request("eth_blockNumber");
  const before = await head();
  while ((await head()) === before) await sleep(10);
  await sleep(phaseMs);
}
