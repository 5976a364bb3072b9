import { task } from "hardhat/config";
import { ArgumentType } from "hardhat/types/arguments";
import type { TaskDefinition } from "hardhat/types/tasks";

import { describe } from "../describe.ts";

const path = { name: "path", description: "The socket; by default one in your own folder", defaultValue: "" } as const;
const json = { name: "json", description: "Print one JSON document" } as const;

const signer = task(["ipc", "signer"])
  .setDescription(
    describe("ipc signer", "Holds the unlocked wallet, and signs for other programs by rules or by asking", [
      "--network sepolia",
      "--network sepolia --lifetime 8h",
      "--network sepolia --rules rules.json --pin 9f86d0…",
      "--network sepolia --path /run/user/1000/deployer.sock --accounts 3",
    ]),
  )
  .addOption(path)
  .addOption({ name: "rules", description: "What may be signed without asking, as JSON", defaultValue: "" })
  .addOption({
    name: "pin",
    description: "The sha256 the rules must have; without it they are shown and asked about",
    defaultValue: "",
  })
  .addOption({
    name: "lifetime",
    description: "Lock after this time, such as 30m, 8h or 1d; never by default",
    defaultValue: "",
  })
  .addOption({
    name: "accounts",
    description: "How many accounts of the mnemonic to unlock",
    type: ArgumentType.INT,
    defaultValue: 1,
  })
  .addOption({ name: "audit", description: "The log of what was signed and refused", defaultValue: "" })
  .setAction(() => import("./signer.ts"))
  .build();

const lock = task(["ipc", "signer", "lock"])
  .setDescription(describe("ipc signer lock", "Makes a running signer forget its keys", ["", "--path signer.sock"]))
  .addOption(path)
  .addFlag(json)
  .setAction(() => import("./signer-lock.ts"))
  .build();

const unlock = task(["ipc", "signer", "unlock"])
  .setDescription(describe("ipc signer unlock", "Asks at the signer's own terminal to unlock it again", [""]))
  .addOption(path)
  .addFlag(json)
  .setAction(() => import("./signer-unlock.ts"))
  .build();

const status = task(["ipc", "signer", "status"])
  .setDescription(describe("ipc signer status", "Shows a running signer's accounts, chain, rules and lock", [""]))
  .addOption(path)
  .addFlag(json)
  .setAction(() => import("./signer-status.ts"))
  .build();

/** `ipc signer` and what controls a running one. */
export const signerTasks: TaskDefinition[] = [signer, lock, unlock, status];
