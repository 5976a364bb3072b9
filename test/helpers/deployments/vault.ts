import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { makeProject, type Project, repository } from "../project.ts";

/** Everything that makes comparing hard at once: immutables, constructor arguments, a linked library. */
export const vault = `// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import { ConvertLib } from "./ConvertLib.sol";

/// @title Coins for later.
contract Vault {
    address public immutable owner;
    uint256 public immutable opening;
    string public name;

    constructor(uint256 opening_, string memory name_) {
        owner = msg.sender;
        opening = opening_;
        name = name_;
    }

    function worth() external view returns (uint256) {
        return ConvertLib.convert(opening, 3);
    }
}
`;

const script = `import { deployment } from "{repository}/src/deploy/script.ts";
export default deployment(async ({ deploy }) => { await deploy("Vault", { args: [7n, "savings"] }); });
`;

/** MetaCoin, ConvertLib and a {@link vault}, built. */
export async function makeVault(files: Readonly<Record<string, string>> = {}): Promise<Project> {
  const sources = ["contracts/ConvertLib.sol", "contracts/MetaCoin.sol"];
  const texts = await Promise.all(sources.map((path) => readFile(join(repository, path), "utf8")));
  const project = await makeProject({
    ...Object.fromEntries(sources.map((path, index) => [path, texts[index] ?? ""])),
    "contracts/Vault.sol": vault,
    "scripts/deploy/001_metacoin.ts": `export { default } from "{repository}/scripts/deploy/001_metacoin.ts";\n`,
    "scripts/deploy/002_vault.ts": script,
    ...files,
  });
  await project.build();
  return project;
}
