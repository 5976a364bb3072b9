// The limit: node and ethers alone. Everything is signed with consecutive nonces, sent back to back, and waited for.
//
//   node bench/deploy/bare.ts metacoin|twenty ARTIFACTS      (URL and PRIVATE_KEY in the environment)
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { AbiCoder, getCreateAddress, JsonRpcProvider, type TransactionReceipt, Wallet } from "ethers";

type Artifact = {
  readonly bytecode: string;
  readonly linkReferences: Readonly<Record<string, Readonly<Record<string, readonly { readonly start: number }[]>>>>;
};

const [suite = "", artifacts = ""] = process.argv.slice(2);
const { URL: url = "", PRIVATE_KEY: key = "" } = process.env;
const provider = new JsonRpcProvider(url, 11155111, { staticNetwork: true, cacheTimeout: -1 });
const wallet = new Wallet(key, provider);
const [nonce, fees] = await Promise.all([wallet.getNonce(), provider.getFeeData()]);
const creations = suite === "metacoin" ? await linkMetaCoin() : await chainTwenty();
const signed = await Promise.all(
  creations.map((data, index) =>
    wallet.signTransaction({
      type: 2,
      chainId: 11155111,
      nonce: nonce + index,
      gasLimit: 1_000_000,
      maxFeePerGas: fees.maxFeePerGas,
      maxPriorityFeePerGas: fees.maxPriorityFeePerGas,
      data,
    }),
  ),
);
const sent = await Promise.all(signed.map((bytes) => provider.broadcastTransaction(bytes)));
const receipts = await Promise.all(sent.map(({ hash }) => waitFor(hash)));
for (const { contractAddress } of receipts) console.log(contractAddress);
provider.destroy();

/** `waitForTransaction` would wait for a further block, which an instant chain never has. */
async function waitFor(hash: string): Promise<TransactionReceipt> {
  for (;;) {
    const receipt = await provider.getTransactionReceipt(hash);
    if (receipt !== null) return receipt;
    await sleep(100);
  }
}

async function linkMetaCoin(): Promise<readonly string[]> {
  const library = await read("ConvertLib");
  const coin = await read("MetaCoin");
  const address = addressOf(0).slice(2).toLowerCase();
  const places = Object.values(coin.linkReferences).flatMap((names) => Object.values(names).flat());
  const linked = places.reduce(
    (code, { start }) => `${code.slice(0, 2 + start * 2)}${address}${code.slice(2 + start * 2 + 40)}`,
    coin.bytecode,
  );
  return [library.bytecode, linked];
}

async function chainTwenty(): Promise<readonly string[]> {
  const { bytecode } = await read("Link");
  return Array.from({ length: 20 }, (_, index) => {
    const depth = (index % 10) + 1;
    const previous = depth === 1 ? `0x${"0".repeat(40)}` : addressOf(index - 1);
    const args = AbiCoder.defaultAbiCoder().encode(["address", "uint256"], [previous, depth]);
    return `${bytecode}${args.slice(2)}`;
  });
}

function addressOf(index: number): string {
  return getCreateAddress({ from: wallet.address, nonce: nonce + index });
}

async function read(name: string): Promise<Artifact> {
  return JSON.parse(await readFile(join(artifacts, `contracts/${name}.sol/${name}.json`), "utf8")) as Artifact;
}
