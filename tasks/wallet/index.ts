import { task } from "hardhat/config";
import { ArgumentType } from "hardhat/types/arguments";
import type { TaskDefinition } from "hardhat/types/tasks";

import { describe } from "../describe.ts";

const mnemonic = task("mnemonic")
  .setDescription(
    describe("mnemonic", "Makes the words of a new wallet; with --write they go to .env and are not shown", [
      "--write",
      "--words 24",
      "--language spanish --json",
    ]),
  )
  .addOption({ name: "words", description: "12, 15, 18, 21 or 24", type: ArgumentType.INT, defaultValue: 12 })
  .addOption({ name: "language", description: "A word list of BIP-39", defaultValue: "english" })
  .addFlag({ name: "write", description: "Write MNEMONIC to .env, and show the address instead of the words" })
  .addFlag({ name: "force", description: "Replace a MNEMONIC that .env holds already" })
  .addFlag({ name: "json", description: "One JSON document" })
  .setAction(() => import("./mnemonic.ts"))
  .build();

const accounts = task("accounts")
  .setDescription(
    describe("accounts", "The accounts that sign, with what they hold on a network; never their keys", [
      "",
      "--network sepolia",
      "--network sepolia --count 3 --json",
    ]),
  )
  .addOption({ name: "count", description: "How many of the wallet's", type: ArgumentType.INT, defaultValue: 5 })
  .addFlag({ name: "json", description: "One JSON document" })
  .setAction(() => import("./accounts.ts"))
  .build();

export const walletTasks: TaskDefinition[] = [mnemonic, accounts];
