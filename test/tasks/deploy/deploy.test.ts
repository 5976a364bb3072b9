import { expect } from "chai";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { type Anvil, startAnvil } from "../../helpers/anvil.ts";
import { creationsBy, expectExactlyOnce } from "../../helpers/oracle.ts";
import { makeMetaCoin } from "../../helpers/metacoin.ts";
import { makeProject, type Project } from "../../helpers/project.ts";
import { makeSuite } from "../../helpers/suite.ts";
import { fund } from "../../helpers/wallet.ts";

type Contract = { name: string; address: string; transactionHash?: string; blockNumber?: number; status: string };
type Document = {
  status: string;
  chainId: number;
  deployer: string;
  contracts: Contract[];
  fees: { worst: string; paid: string };
  steps: unknown[];
};

const parse = (stdout: string) => JSON.parse(stdout) as Document;

describe("hardhat deploy", function () {
  this.timeout(180_000);
  let anvil: Anvil;
  let metacoin: Project;

  before(async () => {
    anvil = await startAnvil(["--block-time", "1"]);
    metacoin = await makeMetaCoin();
  });

  after(async () => {
    await anvil.stop();
    await metacoin.remove();
  });

  it("deploys to the chain in this process with nothing configured, and records nothing", async () => {
    const project = await metacoin.copy();
    const { code, stdout } = await project.run(["deploy", "--json"]);
    const { status, contracts, chainId } = parse(stdout);
    expect({ code, status, chainId }).to.deep.equal({ code: 0, status: "deployed", chainId: 31337 });
    expect(contracts.map(({ name }) => name)).to.deep.equal(["ConvertLib", "MetaCoin"]);
    expect(existsSync(join(project.folder, "deployments"))).to.be.false;
    await project.remove();
  });

  it("deploys to a public network in one block, records it, and has nothing to do the second time", async () => {
    const project = await metacoin.copy();
    const { mnemonic, address } = await fund(anvil);
    const env = { MNEMONIC: mnemonic, SEPOLIA_URL: anvil.url };
    await anvil.request("evm_setIntervalMining", 0);
    const running = project.start(["deploy", "--network", "sepolia", "--yes", "--json"], env);
    await allPending(anvil, address, 2);
    await anvil.request("evm_setIntervalMining", 1);
    const first = await running.finished;
    expect(first.code, first.stderr).to.equal(0);
    const { contracts, status, deployer } = parse(first.stdout);
    expect({ status, deployer }).to.deep.equal({ status: "deployed", deployer: address });
    expect(new Set(contracts.map(({ blockNumber }) => blockNumber)).size, "blocks").to.equal(1);
    const folder = join(project.folder, "deployments/sepolia");
    await expectExactlyOnce(anvil, address, folder, 2);
    const coin = contracts.find(({ name }) => name === "MetaCoin")?.address;
    const getBalance = `0xf8b2cb4f${address.slice(2).toLowerCase().padStart(64, "0")}`;
    expect(Number(await anvil.request("eth_call", { to: coin, data: getBalance }, "latest"))).to.equal(10_000);

    const nonce = await anvil.request("eth_getTransactionCount", address, "pending");
    const second = await project.run(["deploy", "--network", "sepolia", "--yes", "--json"], env);
    expect(parse(second.stdout).status).to.equal("unchanged");
    expect(await anvil.request("eth_getTransactionCount", address, "pending")).to.equal(nonce);
    await project.remove();
  });

  it("deploys again what changed, and keeps the former record as history", async () => {
    const project = await metacoin.copy();
    const { mnemonic, address } = await fund(anvil);
    const env = { MNEMONIC: mnemonic, SEPOLIA_URL: anvil.url };
    await project.run(["deploy", "--network", "sepolia", "--yes"], env);
    const path = "contracts/MetaCoin.sol";
    const source = await readFile(join(project.folder, path), "utf8");
    await project.write({ [path]: source.replace("10_000", "20_000") });
    const { code, stdout, stderr } = await project.run(["deploy", "--network", "sepolia", "--yes", "--json"], env);
    expect(code, stderr).to.equal(0);
    expect(parse(stdout).contracts.map(({ name, status }) => [name, status])).to.deep.equal([
      ["ConvertLib", "reused"],
      ["MetaCoin", "deployed"],
    ]);
    const record = JSON.parse(await readFile(join(project.folder, "deployments/sepolia/MetaCoin.json"), "utf8")) as {
      numDeployments: number;
      history: { address: string }[];
    };
    expect(record.numDeployments).to.equal(2);
    expect(record.history).to.have.length(1);
    expect((await creationsBy(anvil, address)).length).to.equal(3);
    await project.remove();
  });

  it("sends 20 contracts in chains 10 deep without waiting for a block, so they land in one", async () => {
    const [suite, node] = await Promise.all([makeSuite(), startAnvil(["--no-mining"])]);
    const { mnemonic, address } = await fund(node);
    const running = suite.start(["deploy", "--network", "sepolia", "--yes", "--json"], {
      MNEMONIC: mnemonic,
      SEPOLIA_URL: node.url,
    });
    await allPending(node, address, 20);
    await node.request("anvil_mine", "0x1");
    const { code, stdout, stderr } = await running.finished;
    expect(code, stderr).to.equal(0);
    expect(new Set(parse(stdout).contracts.map(({ blockNumber }) => blockNumber)).size, "blocks").to.equal(1);
    await expectExactlyOnce(node, address, join(suite.folder, "deployments/sepolia"), 20);
    await node.stop();
    await suite.remove();
  });

  it("shows the quote and signs nothing with --dry-run", async () => {
    const project = await metacoin.copy();
    const { mnemonic, address } = await fund(anvil);
    const { code, stdout } = await project.run(["deploy", "--network", "sepolia", "--dry-run", "--json"], {
      MNEMONIC: mnemonic,
      SEPOLIA_URL: anvil.url,
    });
    const { status, fees, steps } = parse(stdout);
    expect({ code, status, steps: steps.length }).to.deep.equal({ code: 0, status: "planned", steps: 2 });
    expect(BigInt(fees.worst) > 0n).to.be.true;
    expect(Number(await anvil.request("eth_getTransactionCount", address, "pending"))).to.equal(0);
    expect(existsSync(join(project.folder, "deployments"))).to.be.false;
    await project.remove();
  });

  describe("refuses, with nothing sent", () => {
    const refused = async (
      args: readonly string[],
      env: Record<string, string>,
      code: string,
      address: string,
      exit = 1,
    ) => {
      const result = await metacoin.run(["deploy", "--network", "sepolia", "--json", ...args], env);
      expect(result.code, result.stderr).to.equal(exit);
      expect((JSON.parse(result.stdout) as { error: { code: string } }).error.code).to.equal(code);
      expect(Number(await anvil.request("eth_getTransactionCount", address, "pending"))).to.equal(0);
      return result.stderr;
    };

    it("an account that cannot pay the worst case, naming the shortfall and the faucet", async () => {
      const { mnemonic, address } = await fund(anvil, 10_000n);
      const stderr = await refused(["--yes"], { MNEMONIC: mnemonic, SEPOLIA_URL: anvil.url }, "UNDERFUNDED", address);
      expect(stderr).to.contain(address).and.to.contain("npx hardhat faucet --network sepolia");
    });

    it("an endpoint of another chain", async () => {
      const other = await startAnvil([], { chainId: 5 });
      const { mnemonic, address } = await fund(anvil);
      await refused(["--yes"], { MNEMONIC: mnemonic, SEPOLIA_URL: other.url }, "WRONG_CHAIN", address);
      await other.stop();
    });

    it("to go on where nobody can be asked and --yes is missing", async () => {
      const { mnemonic, address } = await fund(anvil);
      await refused([], { MNEMONIC: mnemonic, SEPOLIA_URL: anvil.url }, "NOT_APPROVED", address);
    });

    it("an unset variable, saying which, where, and what helps", async () => {
      const stderr = await refused(["--yes"], { MNEMONIC: "x" }, "MISSING_VARIABLE", `0x${"0".repeat(40)}`);
      expect(stderr)
        .to.contain("SEPOLIA_URL")
        .and.to.contain(".env")
        .and.to.contain("npx hardhat keystore set SEPOLIA_URL");
    });

    it("the development phrases", async () => {
      const env = { MNEMONIC: "test test test test test test test test test test test junk", SEPOLIA_URL: anvil.url };
      await refused(["--yes"], env, "WELL_KNOWN_SECRET", `0x${"0".repeat(40)}`);
    });

    it("bad usage with exit code 2", async () => {
      const { mnemonic, address } = await fund(anvil);
      const env = { MNEMONIC: mnemonic, SEPOLIA_URL: anvil.url };
      await refused(["--yes", "--fee", "warp"], env, "USAGE", address, 2);
      await refused(["--yes", "--max-fee", "1e3"], env, "USAGE", address, 2);
    });

    it("a step that reverts, with the decoded custom error", async () => {
      const project = await makeProject({
        "contracts/Vault.sol": `// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

contract Vault {
    error TooEarly(uint256 now_, string why);

    constructor() {
        revert TooEarly(7, "closed");
    }
}
`,
        "scripts/deploy/001_vault.ts": `import { deployment } from "{repository}/src/deploy/script.ts";\nexport default deployment(async ({ deploy }) => { await deploy("Vault"); });\n`,
      });
      const { mnemonic, address } = await fund(anvil);
      const result = await project.run(["deploy", "--network", "sepolia", "--yes", "--json"], {
        MNEMONIC: mnemonic,
        SEPOLIA_URL: anvil.url,
      });
      expect(result.code).to.equal(1);
      expect(result.stderr).to.contain(`TooEarly(7, "closed")`);
      expect(Number(await anvil.request("eth_getTransactionCount", address, "pending"))).to.equal(0);
      await project.remove();
    });
  });
});

/** Resolves once so many transactions of an account wait in the node's pool: none of them has been mined yet. */
async function allPending(node: Anvil, address: string, count: number): Promise<void> {
  const pending = async () => Number(await node.request("eth_getTransactionCount", address, "pending"));
  while ((await pending()) < count) await sleep(20);
}
