import type { Interface } from "ethers";
import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";

import { UsageError } from "../../src/errors.ts";
import type { DeploymentRecord } from "../../src/registry/record.ts";
import { connect, type Connection } from "../pipeline.ts";
import { findRecord } from "../records.ts";

/** The deployed MetaCoin of a network, ready to be called. */
export type Coin = Connection & { readonly record: DeploymentRecord; readonly abi: Interface };

export async function openCoin(hre: HardhatRuntimeEnvironment, signal: AbortSignal): Promise<Coin> {
  const connection = await connect(hre, { signal });
  const { registry, network } = connection;
  if (registry === undefined) {
    throw new UsageError("The chain in this process keeps no contracts between two commands", {
      hint: "npx hardhat node, and in another terminal: npx hardhat deploy --network localhost; npx hardhat coin balance --network localhost",
    });
  }
  const record = findRecord(await registry.readAll(), "MetaCoin", network.name);
  const { Interface } = await import("ethers");
  return { ...connection, record, abi: new Interface(JSON.stringify(record.abi)) };
}

/** Reads one value of the coin. */
export async function readCoin(
  { rpc, record, abi }: Coin,
  functionName: string,
  args: readonly unknown[],
): Promise<bigint> {
  const data = abi.encodeFunctionData(functionName, args);
  const output = await rpc.request("eth_call", [{ to: record.address, data }, "latest"]);
  return BigInt(String(abi.decodeFunctionResult(functionName, String(output))[0]));
}

/** @throws {UsageError} where the text is no address, or its checksum (EIP-55) is wrong. */
export async function parseAddress(text: string): Promise<string> {
  const { getAddress } = await import("ethers");
  try {
    return getAddress(text);
  } catch (cause) {
    throw new UsageError(
      `"${text}" is no address: 0x and 40 hexadecimal digits, with the right checksum or in lower case`,
      { cause },
    );
  }
}
