import { task } from "hardhat/config";
import { ArgumentType } from "hardhat/types/arguments";
import type { TaskDefinition } from "hardhat/types/tasks";

import { describe } from "../describe.ts";

export const deployTasks: TaskDefinition[] = [
  task(
    "deploy",
    describe("deploy", "Deploy what scripts/deploy describes, exactly once", [
      "",
      "--network sepolia",
      "--network sepolia --dry-run",
      "--network sepolia --yes --json > deployment.json",
      "--network sepolia --max-fee 40",
      "--network sepolia --cancel",
    ]),
  )
    .addFlag({ name: "dryRun", description: "Rehearse and quote; sign and send nothing" })
    .addFlag({ name: "yes", description: "Do not ask" })
    .addOption({
      name: "tags",
      description: "Only the scripts with one of these tags, separated by commas",
      defaultValue: "",
    })
    .addOption({
      name: "fee",
      description: "How soon it should be mined: slow, standard or fast",
      defaultValue: "standard",
    })
    .addOption({
      name: "maxFee",
      description: "The most that one gas may cost, in gwei; replacements stop there",
      defaultValue: "",
    })
    .addOption({
      name: "confirmations",
      description: "Blocks to wait for, the transaction's own included; 0: 3 on mainnet and 1 elsewhere",
      type: ArgumentType.INT,
      defaultValue: 0,
    })
    .addOption({
      name: "signer",
      description: "The socket of `ipc signer`, which then holds the key",
      defaultValue: "",
    })
    .addFlag({ name: "verify", description: "Then publish the sources on the block explorers" })
    .addFlag({ name: "cancel", description: "Give an unfinished run up: release its nonces" })
    .addFlag({ name: "json", description: "Print one JSON document" })
    .setAction(() => import("./deploy.ts"))
    .build(),
];
