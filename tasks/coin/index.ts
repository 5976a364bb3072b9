import { emptyTask, task } from "hardhat/config";
import type { TaskDefinition } from "hardhat/types/tasks";

import { describe } from "../describe.ts";

const json = { name: "json", description: "Print one JSON document" } as const;

export const coinTasks: TaskDefinition[] = [
  emptyTask("coin", "Use the deployed MetaCoin").build(),
  task(
    ["coin", "balance"],
    describe("coin balance", "How many coins an address holds", [
      "--network sepolia",
      "0x627306090abaB3A6e1400e9345bC60c78a8BEf57 --network sepolia",
    ]),
  )
    .addPositionalArgument({ name: "address", description: "Whose coins; the deployer's by default", defaultValue: "" })
    .addFlag(json)
    .setAction(() => import("./balance.ts"))
    .build(),
  task(
    ["coin", "send"],
    describe("coin send", "Send coins, exactly once", [
      "0x627306090abaB3A6e1400e9345bC60c78a8BEf57 10 --network sepolia",
    ]),
  )
    .addPositionalArgument({ name: "to", description: "The receiver's address" })
    .addPositionalArgument({ name: "amount", description: "How many coins, a whole number" })
    .addOption({ name: "maxFee", description: "The most that one gas may cost, in gwei", defaultValue: "" })
    .addOption({
      name: "signer",
      description: "The socket of `ipc signer`, which then holds the key",
      defaultValue: "",
    })
    .addFlag(json)
    .setAction(() => import("./send.ts"))
    .build(),
];
