import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";

import { MetacoinError } from "../../src/errors.ts";
import { accountsOf, type DerivedAccount } from "../../src/wallet/accounts.ts";
import { parseMnemonic, parsePrivateKey, type AccountSecret } from "../../src/wallet/secret.ts";
import { readAccounts } from "../secrets.ts";
import type { Terminal } from "./terminal.ts";

/** Environment variables with a secret in them. */
const variables = ["MNEMONIC", "PRIVATE_KEY"] as const;

/** Whether the secret is in this process's environment, and so in .env or in the shell that started it. */
export function isInEnvironment(): boolean {
  return variables.some((name) => process.env[name]);
}

/**
 * The accounts to unlock: from the environment, else the Hardhat keystore, else typed at the terminal.
 * What came from the environment is taken out of it, so that locking leaves no copy there: unlocking then asks for it.
 */
export async function openAccounts(
  hre: HardhatRuntimeEnvironment,
  { network, count, terminal }: { readonly network: string; readonly count: number; readonly terminal?: Terminal },
): Promise<DerivedAccount[]> {
  try {
    return await readAccounts(hre, network, { count });
  } catch (error) {
    const isMissing = error instanceof MetacoinError && error.code === "MISSING_VARIABLE";
    if (!isMissing || terminal === undefined) throw error;
    return await accountsOf(await parse(await terminal.secret("Mnemonic or private key")), { count });
  } finally {
    for (const name of variables) delete process.env[name];
  }
}

async function parse(typed: string): Promise<AccountSecret> {
  return typed.trim().includes(" ")
    ? { kind: "mnemonic", phrase: await parseMnemonic(typed) }
    : { kind: "privateKey", key: parsePrivateKey(typed) };
}
