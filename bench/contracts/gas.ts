// What a send and a deployment cost beside the tokens people build on, compiled the same way.
//
//   npx hardhat run bench/contracts/gas.ts        (needs the npm registry: the peers are installed into a temporary folder)
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { network } from "hardhat";

type Compiled = { readonly abi: readonly object[]; readonly evm: { readonly bytecode: { readonly object: string } } };

type Peer = {
  readonly name: string;
  readonly packages: readonly string[];
  readonly source: string;
  readonly send: string;
};

const root = fileURLToPath(new URL("../..", import.meta.url));
const solc = createRequire(import.meta.url)("solc") as {
  compile(input: string, callbacks: { import(path: string): { contents: string } }): string;
};

/** The whole supply to the deployer, as MetaCoin does; nothing else. */
const peers: readonly Peer[] = [
  {
    name: "OpenZeppelin 5.7.0 `ERC20`",
    packages: ["@openzeppelin/contracts@5.7.0"],
    source: `import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
      contract Coin is ERC20("Coin", "COIN") { constructor() { _mint(msg.sender, 10_000); } }`,
    send: "transfer",
  },
  {
    name: "solmate 6.8.0 `ERC20`",
    packages: ["solmate@6.8.0"],
    source: `import {ERC20} from "solmate/src/tokens/ERC20.sol";
      contract Coin is ERC20("Coin", "COIN", 18) { constructor() { _mint(msg.sender, 10_000); } }`,
    send: "transfer",
  },
  {
    name: "solady 0.1.26 `ERC20`",
    packages: ["solady@0.1.26"],
    source: `import {ERC20} from "solady/src/tokens/ERC20.sol";
      contract Coin is ERC20 {
        constructor() { _mint(msg.sender, 10_000); }
        function name() public pure override returns (string memory) { return "Coin"; }
        function symbol() public pure override returns (string memory) { return "COIN"; }
      }`,
    send: "transfer",
  },
];

const { ethers } = await network.create("default");
const modules = await mkdtemp(join(tmpdir(), "metacoin-bench-"));
try {
  const packages = peers.flatMap((peer) => peer.packages);
  execFileSync("npm", ["install", "--prefix", modules, "--no-audit", "--no-fund", "--ignore-scripts", ...packages], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  const library = compile("ConvertLib", readFileSync(join(root, "contracts/ConvertLib.sol"), "utf8"));
  const linked = await deploy(library);
  const coin = link(compile("MetaCoin", readFileSync(join(root, "contracts/MetaCoin.sol"), "utf8")), linked.address);
  const ours = await measure(coin, "sendCoin");
  const rows = [{ name: "**MetaCoin** (and its library)", ...ours, deployed: ours.deployed + linked.gas }];
  for (const { name, source, send } of peers) {
    const compiled = compile("Coin", `// SPDX-License-Identifier: MIT\npragma solidity 0.8.37;\n${source}`);
    rows.push({ name, ...(await measure(compiled, send)) });
  }
  console.log("| | to a fresh account | to a holder | deploy |\n| --- | --: | --: | --: |");
  for (const { name, fresh, holder, deployed } of rows) {
    const cells = [
      beside(fresh, ours.fresh),
      beside(holder, ours.holder),
      beside(deployed, ours.deployed + linked.gas),
    ];
    console.log(`| ${[name, ...cells].join(" | ")} |`);
  }
} finally {
  await rm(modules, { recursive: true });
}

/** The settings of hardhat.config.ts. */
function compile(contract: string, source: string): Compiled {
  const input = {
    language: "Solidity",
    sources: { "Coin.sol": { content: source } },
    settings: {
      evmVersion: "osaka",
      viaIR: true,
      optimizer: { enabled: true, runs: 200 },
      outputSelection: { "*": { "*": ["abi", "evm.bytecode.object"] } },
    },
  };
  const read = (path: string) => {
    const file = path === "ConvertLib.sol" ? join(root, "contracts", path) : join(modules, "node_modules", path);
    return { contents: readFileSync(file, "utf8") };
  };
  const output = JSON.parse(solc.compile(JSON.stringify(input), { import: read })) as {
    errors?: { severity: string; formattedMessage: string }[];
    contracts: Record<string, Record<string, Compiled>>;
  };
  const failure = output.errors?.find(({ severity }) => severity === "error");
  const compiled = output.contracts["Coin.sol"]?.[contract];
  if (compiled === undefined) throw new Error(failure?.formattedMessage ?? `no ${contract}`);
  return compiled;
}

function link(compiled: Compiled, address: string): Compiled {
  const object = compiled.evm.bytecode.object.replaceAll(/__\$.{34}\$__/gu, address.slice(2).toLowerCase());
  return { ...compiled, evm: { bytecode: { object } } };
}

async function deploy({ abi, evm }: Compiled) {
  const [deployer] = await ethers.getSigners();
  const contract = await new ethers.ContractFactory(abi, evm.bytecode.object, deployer).deploy();
  const receipt = await contract.deploymentTransaction()?.wait();
  return { contract, address: await contract.getAddress(), gas: receipt?.gasUsed ?? 0n };
}

/** The second send goes to somebody who has coins already. */
async function measure(compiled: Compiled, send: string) {
  const { contract, gas } = await deploy(compiled);
  const [, receiver] = await ethers.getSigners();
  const cost = async () => {
    const sent = (await contract.getFunction(send)(receiver, 10)) as { wait(): Promise<{ gasUsed: bigint }> };
    return (await sent.wait()).gasUsed;
  };
  return { fresh: await cost(), holder: await cost(), deployed: gas };
}

/** A cost with its ratio to ours. */
function beside(cost: bigint, ours: bigint): string {
  return `${cost.toLocaleString("en")} (${(Number(cost) / Number(ours)).toFixed(4)})`;
}
