import { task } from "hardhat/config";
import type { TaskDefinition } from "hardhat/types/tasks";

import { describe } from "../describe.ts";

const json = { name: "json", description: "Print one JSON document" } as const;

export const deploymentsTasks: TaskDefinition[] = [
  task("deployments", describe("deployments", "What is deployed where", ["", "--network sepolia", "--json"]))
    .addFlag(json)
    .setAction(() => import("./list.ts"))
    .build(),
  task(
    ["deployments", "status"],
    describe("deployments status", "Compare the records with the chain and the sources; exit 1 where they differ", [
      "--network sepolia",
      "--network sepolia --json",
    ]),
  )
    .addFlag(json)
    .setAction(() => import("./status.ts"))
    .build(),
  task(
    ["deployments", "history"],
    describe("deployments history", "Every deployment of one contract", ["MetaCoin", "MetaCoin --network sepolia"]),
  )
    .addPositionalArgument({ name: "contract", description: "The name of the record" })
    .addFlag(json)
    .setAction(() => import("./history.ts"))
    .build(),
  task(
    ["deployments", "forget"],
    describe("deployments forget", "Let the next run deploy a contract anew; its record stays as history", [
      "MetaCoin --network sepolia",
      "MetaCoin --network sepolia --yes",
    ]),
  )
    .addPositionalArgument({ name: "contract", description: "The name of the record" })
    .addFlag({ name: "yes", description: "Do not ask" })
    .addFlag(json)
    .setAction(() => import("./forget.ts"))
    .build(),
  task(
    ["deployments", "export"],
    describe("deployments export", "Addresses and ABIs of all networks, for a front end", [
      "--out src/deployments.ts",
      "--format wagmi --out src/contracts.ts",
      "--format env",
    ]),
  )
    .addOption({ name: "format", description: "ts, json, wagmi or env", defaultValue: "ts" })
    .addOption({ name: "out", description: "The file to write; stdout by default", defaultValue: "" })
    .setAction(() => import("./export.ts"))
    .build(),
  task(
    ["deployments", "report"],
    describe("deployments report", "One HTML page: what was deployed, when, by whom, at what price, and how it went", [
      "--network sepolia --open",
      "--out report.html",
    ]),
  )
    .addOption({ name: "out", description: "The file to write; cache/deployments.html by default", defaultValue: "" })
    .addFlag({ name: "open", description: "Open the page in the default browser" })
    .addFlag(json)
    .setAction(() => import("./report.ts"))
    .build(),
  task(
    ["deployments", "verify"],
    describe("deployments verify", "Publish the sources on Etherscan, Sourcify and Blockscout", [
      "--network sepolia",
      "MetaCoin --network sepolia --explorers sourcify",
    ]),
  )
    .addVariadicArgument({
      name: "contracts",
      description: "The names of the records; all by default",
      defaultValue: [],
    })
    .addOption({
      name: "explorers",
      description: "etherscan, sourcify, blockscout, separated by commas; all that can be used by default",
      defaultValue: "",
    })
    .addFlag(json)
    .setAction(() => import("./verify.ts"))
    .build(),
];
