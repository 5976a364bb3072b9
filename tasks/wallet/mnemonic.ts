import { join } from "node:path";

import { UsageError } from "../../src/errors.ts";
import { deriveAccounts } from "../../src/wallet/accounts.ts";
import { setVariable } from "../../src/wallet/env-file.ts";
import { createMnemonic } from "../../src/wallet/mnemonic.ts";
import { action } from "../action.ts";

type Args = {
  readonly words: number;
  readonly language: string;
  readonly write: boolean;
  readonly force: boolean;
  readonly json: boolean;
};

type Result = {
  /** Only where the words were asked for: never together with `file`. */
  readonly mnemonic?: string;
  readonly address: string | undefined;
  readonly path: string | undefined;
  readonly file?: string;
};

const warning = "Show these words to nobody: whoever has them has every account of the wallet, for ever.";

export default action<Args, Result>({
  async run({ words, language, write, force }, { hre, progress }) {
    if (force && !write) throw new UsageError("--force replaces what .env holds: it needs --write");
    const phrase = await createMnemonic({ words, language });
    const [account] = await deriveAccounts(phrase);
    const first = { address: account?.address, path: account?.path };
    if (!write) {
      progress.line(warning);
      return { mnemonic: phrase, ...first };
    }
    const file = join(hre.config.paths.root, ".env");
    const names = await setVariable(file, "MNEMONIC", phrase, { force });
    if (names.includes("PRIVATE_KEY"))
      progress.line("PRIVATE_KEY is set in .env as well, and is what signs: remove it to use the new wallet.");
    return { ...first, file };
  },
  render: ({ mnemonic, address, path }) =>
    mnemonic === undefined ? renderWritten(address) : renderWords(mnemonic, address, path),
});

function renderWords(mnemonic: string, address: string | undefined, path: string | undefined): string {
  return [mnemonic, "", `${address ?? ""}  ${path ?? ""}`].join("\n");
}

function renderWritten(address: string | undefined): string {
  return [
    address ?? "",
    "",
    "The words are in .env, which only you can read. Keep a copy of them offline, and show them to nobody.",
    "Next:",
    "  npx hardhat faucet --network sepolia    where its first coins come from",
    "  npx hardhat accounts --network sepolia  what it holds",
  ].join("\n");
}
