import { task } from "hardhat/config";
import { ArgumentType } from "hardhat/types/arguments";
import type { TaskDefinition } from "hardhat/types/tasks";

import { describe } from "../describe.ts";

const gas = task("gas")
  .setDescription(
    describe("gas", "What gas costs on a network now, and what the pending deployment would", [
      "--network sepolia",
      "--network mainnet --watch",
      "--network baseSepolia --fee fast --json",
    ]),
  )
  .addOption({ name: "fee", description: "What the plan offers: slow, standard or fast", defaultValue: "standard" })
  .addFlag({ name: "watch", description: "Refresh with every block, until Ctrl-C" })
  .addFlag({ name: "json", description: "One JSON document" })
  .setAction(() => import("./gas.ts"))
  .build();

const faucet = task("faucet")
  .setDescription(
    describe("faucet", "Whether the deployer is funded, and where its coins come from; exit code 1 while it is not", [
      "--network sepolia",
      "--network sepolia --wait --timeout 600",
      "--network localhost --fund",
    ]),
  )
  .addFlag({ name: "wait", description: "Wait until the account is funded" })
  .addOption({
    name: "timeout",
    description: "Seconds to wait at most; 0: for ever",
    type: ArgumentType.INT,
    defaultValue: 0,
  })
  .addFlag({ name: "fund", description: "Set the balance, on a development node" })
  .addFlag({ name: "json", description: "One JSON document" })
  .setAction(() => import("./faucet.ts"))
  .build();

export const gasTasks: TaskDefinition[] = [gas, faucet];
