import { MetacoinError } from "../errors.ts";
import type { Rpc } from "../rpc/rpc.ts";
import { toQuantity } from "../rpc/quantity.ts";

/**
 * Sets a balance, where the node is one that can: Hardhat's or anvil, whatever chain it stands in for.
 *
 * @throws {NotADevelopmentNodeError} elsewhere; nothing was asked of the node then but its name.
 */
export async function setBalance({ request }: Pick<Rpc, "request">, address: string, wei: bigint): Promise<void> {
  const client = await request("web3_clientVersion");
  if (typeof client !== "string" || !/^(?:hardhatnetwork|anvil)\//iu.test(client)) throw new NotADevelopmentNodeError();
  await request("hardhat_setBalance", [address, toQuantity(wei)]);
}

/** Coins of a public network cannot be made. */
export class NotADevelopmentNodeError extends MetacoinError {
  override readonly code = "NOT_A_DEVELOPMENT_NODE";

  constructor() {
    super("Only a development node, Hardhat's or anvil, can be told what a balance is", {
      hint: "Without --fund this command says where the network's faucets are",
    });
  }
}
