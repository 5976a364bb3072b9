import { HDNodeWallet } from "ethers";

import type { Anvil } from "./anvil.ts";

/** A wallet nobody else has, with coins on a development chain. */
export type Funded = { readonly mnemonic: string; readonly address: string; readonly privateKey: string };

export async function fund(anvil: Anvil, wei = 10n ** 18n): Promise<Funded> {
  const { mnemonic, address, privateKey } = HDNodeWallet.createRandom();
  if (mnemonic === null) throw new Error("a random wallet has a mnemonic");
  await anvil.request("anvil_setBalance", address, `0x${wei.toString(16)}`);
  return { mnemonic: mnemonic.phrase, address, privateKey };
}

/**
 * Whether a text tells three words of a mnemonic in a row, whatever stands between them. A single word proves nothing:
 * "account", "address" and "path" are words of the list too.
 */
export function tellsWords(text: string, mnemonic: string): boolean {
  const words = mnemonic.split(" ");
  const told = ` ${text.split(/\W+/u).join(" ")} `;
  return words.slice(2).some((_, at) => told.includes(` ${words.slice(at, at + 3).join(" ")} `));
}
