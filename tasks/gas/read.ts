import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";

import type { Quote } from "../../src/deploy/quote.ts";
import { WrongChainError } from "../../src/deploy/target.ts";
import { messageOf } from "../../src/errors.ts";
import type { Speed } from "../../src/gas/market.ts";
import { readQuantity } from "../../src/rpc/quantity.ts";
import type { Connection } from "../pipeline.ts";
import { planDeployment } from "../plan.ts";

/** What is still to be deployed, or why that cannot be told. */
export type Pending =
  | { readonly kind: "plan"; readonly quote: Quote }
  | { readonly kind: "nothing" }
  | { readonly kind: "unknown"; readonly reason: string };

/** A plan that cannot be made is an answer here: fees and balances are worth knowing without it. */
export async function readPending(
  hre: HardhatRuntimeEnvironment,
  connection: Connection,
  speed: Speed,
  signal: AbortSignal,
): Promise<Pending> {
  try {
    const { quote } = await planDeployment(hre, connection, { speed });
    return quote === undefined ? { kind: "nothing" } : { kind: "plan", quote };
  } catch (error) {
    signal.throwIfAborted();
    return { kind: "unknown", reason: messageOf(error) };
  }
}

/** @throws {WrongChainError} where the endpoint is on another chain: all it says would mislead. */
export async function checkChain({ rpc, network }: Connection): Promise<void> {
  const chainId = Number(readQuantity(await rpc.request("eth_chainId"), "a chain id"));
  if (chainId !== network.chainId) throw new WrongChainError(network, chainId);
}
