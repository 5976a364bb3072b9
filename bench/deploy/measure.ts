import { fund } from "../../test/helpers/wallet.ts";
import { type Chain, type ChainName, waitForPhase } from "./chain.ts";
import { type Contestant, creations, forget, type Suite, type ToolName } from "./tools.ts";

export type Sample = {
  readonly tool: ToolName;
  readonly suite: Suite;
  readonly chain: ChainName;
  /** "again": with the records and the account of the run before, and so with nothing to do. */
  readonly kind: "fresh" | "again";
  readonly seconds: number;
  readonly calls: number;
};

/** A run with a new account and no records and, if asked for and there are records then, a second one after it. */
export async function measure(
  chain: Chain,
  contestant: Contestant,
  { again }: { readonly again: boolean },
): Promise<readonly Sample[]> {
  const { tool, suite, project, records } = contestant;
  await forget(contestant);
  const { address, privateKey } = await fund(chain.anvil);
  const samples: Sample[] = [];
  for (const kind of again && records ? (["fresh", "again"] as const) : (["fresh"] as const)) {
    await waitForPhase(chain);
    const [before, start] = [chain.proxy.calls(), performance.now()];
    const { code, log } = await contestant.deploy(project, chain.proxy.url, privateKey);
    const seconds = (performance.now() - start) / 1000;
    const nonce = Number(await chain.anvil.request("eth_getTransactionCount", address, "latest"));
    if (code !== 0 || nonce !== creations[suite]) {
      throw new Error(`${tool} deployed ${String(nonce)} contracts (exit code ${String(code)}):\n${log}`);
    }
    samples.push({ tool, suite, chain: chain.name, kind, seconds, calls: chain.proxy.calls() - before });
  }
  return samples;
}
