import { pbkdf2 } from "node:crypto";
import { promisify } from "node:util";

import type { AccountSecret } from "./secret.ts";

/** Where Ethereum wallets keep their accounts (BIP-44, coin type 60); the account's index follows. */
const ACCOUNTS_PATH = "m/44'/60'/0'/0";

/** An account with the key that signs for it: never to be printed, logged or stored. */
export type DerivedAccount = {
  readonly index: number;
  /** The derivation path; an account that is a private key of its own has none. */
  readonly path: string | undefined;
  /** With the checksum of EIP-55. */
  readonly address: string;
  /** 0x and 64 hexadecimal digits. */
  readonly privateKey: string;
};

type DeriveOptions = {
  /** How many accounts, 1 by default. */
  readonly count?: number;
  /** What stands before the index, the path above by default. */
  readonly path?: string;
};

/**
 * The first accounts of an HD wallet (BIP-32, BIP-39, BIP-44), whatever the language of its words.
 *
 * @param mnemonic words that were checked already, as `parseMnemonic` returns them.
 * @example const [deployer] = await deriveAccounts(words);
 */
export async function deriveAccounts(
  mnemonic: string,
  { count = 1, path = ACCOUNTS_PATH }: DeriveOptions = {},
): Promise<DerivedAccount[]> {
  const [{ HDNodeWallet }, seed] = await Promise.all([import("ethers/wallet"), seedOf(mnemonic)]);
  const parent = HDNodeWallet.fromSeed(seed).derivePath(path);
  return Array.from({ length: count }, (_, index) => {
    const { address, privateKey } = parent.deriveChild(index);
    return { index, path: `${path}/${String(index)}`, address, privateKey };
  });
}

/** The accounts a secret opens: those of a mnemonic, or the one of a private key. */
export async function accountsOf(secret: AccountSecret, { count = 1 }: { readonly count?: number } = {}) {
  if (secret.kind === "mnemonic") return deriveAccounts(secret.phrase, { count });
  const { computeAddress } = await import("ethers/transaction");
  const account: DerivedAccount = {
    index: 0,
    path: undefined,
    address: computeAddress(secret.key),
    privateKey: secret.key,
  };
  return [account];
}

/** BIP-39, "From mnemonic to seed", without a passphrase. The words need no list here. */
function seedOf(mnemonic: string): Promise<Buffer> {
  return promisify(pbkdf2)(mnemonic.normalize("NFKD"), "mnemonic", 2048, 64, "sha512");
}
