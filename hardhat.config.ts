import { fileURLToPath } from "node:url";

import toolbox from "@nomicfoundation/hardhat-toolbox-mocha-ethers";
import { config as loadDotenv } from "dotenv";
import { configVariable, defineConfig } from "hardhat/config";

import { tasks } from "./tasks/index.ts";

loadDotenv({ quiet: true, path: fileURLToPath(new URL(".env", import.meta.url)) });

// PRIVATE_KEY is one account; otherwise the accounts are those of MNEMONIC, path m/44'/60'/0'/0/i.
// A line that is left empty in .env counts as none.
const accounts = process.env["PRIVATE_KEY"]
  ? [configVariable("PRIVATE_KEY")]
  : { mnemonic: configVariable("MNEMONIC"), path: "m/44'/60'/0'/0" };

const live = (chainId: number, url: string, chainType: "l1" | "op" | "generic" = "l1") =>
  ({ type: "http", chainId, url: configVariable(url), accounts, chainType }) as const;

const compiler = {
  version: "0.8.37",
  // The compiler of the lock file, so nothing is downloaded.
  path: fileURLToPath(import.meta.resolve("solc/soljson.js")),
  settings: {
    evmVersion: "osaka",
    viaIR: true,
    optimizer: { enabled: true, runs: 200 },
    outputSelection: { "*": { "*": ["metadata"] } },
  },
};

export default defineConfig({
  plugins: [toolbox],
  tasks,
  solidity: { profiles: { default: compiler, production: { ...compiler, isolated: false } } },
  verify: { etherscan: { apiKey: configVariable("ETHERSCAN_API_KEY") } },
  test: { mocha: { timeout: 60_000 } },
  typechain: { outDir: "types" },
  networks: {
    default: { type: "edr-simulated", chainType: "l1", hardfork: "osaka" },
    localhost: { type: "http", chainType: "l1", chainId: 31337, url: "http://127.0.0.1:8545" },
    sepolia: live(11155111, "SEPOLIA_URL"),
    hoodi: live(560048, "HOODI_URL"),
    baseSepolia: live(84532, "BASE_SEPOLIA_URL", "op"),
    optimismSepolia: live(11155420, "OPTIMISM_SEPOLIA_URL", "op"),
    arbitrumSepolia: live(421614, "ARBITRUM_SEPOLIA_URL", "generic"),
    mainnet: live(1, "MAINNET_URL"),
  },
});
