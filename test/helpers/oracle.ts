import { expect } from "chai";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

import type { Anvil } from "./anvil.ts";

type Transaction = { readonly hash: string; readonly from: string; readonly to: string | null; readonly nonce: string };
type Block = { readonly transactions: readonly Transaction[] };
type Receipt = { readonly status: string; readonly contractAddress: string | null };

export type Creation = { readonly hash: string; readonly address: string; readonly block: number };

/** What the chain itself says: every contract that this account created, in order. */
export async function creationsBy(anvil: Anvil, deployer: string): Promise<readonly Creation[]> {
  const height = Number(await anvil.request("eth_blockNumber"));
  const creations: Creation[] = [];
  for (let number = 0; number <= height; number++) {
    const block = (await anvil.request("eth_getBlockByNumber", `0x${number.toString(16)}`, true)) as Block;
    for (const { hash, from, to } of block.transactions) {
      if (to !== null || from.toLowerCase() !== deployer.toLowerCase()) continue;
      const receipt = (await anvil.request("eth_getTransactionReceipt", hash)) as Receipt;
      if (receipt.status === "0x1" && receipt.contractAddress !== null)
        creations.push({ hash, address: receipt.contractAddress, block: number });
    }
  }
  return creations;
}

type Written = { readonly address: string; readonly transactionHash: string; readonly numDeployments: number };

export async function recordsOf(folder: string): Promise<ReadonlyMap<string, Written>> {
  const files = (await readdir(folder)).filter((file) => file.endsWith(".json") && !file.startsWith("."));
  const entries = files.map(
    async (file) => [file.slice(0, -5), JSON.parse(await readFile(join(folder, file), "utf8")) as Written] as const,
  );
  return new Map(await Promise.all(entries));
}

/** Exactly once: as many creations on the chain as contracts in the plan, and each record is one of them. */
export async function expectExactlyOnce(anvil: Anvil, deployer: string, folder: string, count: number): Promise<void> {
  const creations = await creationsBy(anvil, deployer);
  const records = await recordsOf(folder);
  expect(creations.length, "contracts created on the chain").to.equal(count);
  expect(records.size, "records").to.equal(count);
  expect([...records.values()].map(({ transactionHash }) => transactionHash).sort()).to.deep.equal(
    creations.map(({ hash }) => hash).sort(),
  );
  expect([...records.values()].map(({ address }) => address.toLowerCase()).sort()).to.deep.equal(
    creations.map(({ address }) => address.toLowerCase()).sort(),
  );
}
