import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { expect } from "chai";
import { AbiCoder } from "ethers";

import { type Anvil, startAnvil } from "../../helpers/anvil.ts";
import { type Explorers, startExplorers } from "../../helpers/deployments/explorers.ts";
import { makeVault, vault } from "../../helpers/deployments/vault.ts";
import type { Finished, Project } from "../../helpers/project.ts";
import { fund } from "../../helpers/wallet.ts";

type Verification = { name: string; explorer: string; status: string; detail: string };
type Record_ = { address: string; args: string[]; metacoin: { verified: { explorer: string; url: string }[] } };

describe("hardhat deployments verify", function () {
  this.timeout(240_000);
  let anvil: Anvil;
  let explorers: Explorers;
  let project: Project;
  let env: Record<string, string>;

  before(async () => {
    anvil = await startAnvil();
    explorers = await startExplorers(anvil);
    project = await makeVault({
      "hardhat.config.ts": `import config from "{repository}/hardhat.config.ts";
export default { ...config, ${explorers.configuration} };
`,
    });
    const { mnemonic } = await fund(anvil);
    env = { MNEMONIC: mnemonic, SEPOLIA_URL: anvil.url, ETHERSCAN_API_KEY: explorers.apiKey };
  });

  after(async () => {
    await explorers.close();
    await anvil.stop();
    await project.remove();
  });

  /** Runs a command; the key is in nothing that it prints. */
  async function run(args: readonly string[], extra: Record<string, string> = {}): Promise<Finished> {
    const result = await project.run([...args, "--network", "sepolia"], { ...env, ...extra });
    const keys = [explorers.apiKey, extra["ETHERSCAN_API_KEY"] ?? ""].filter((key) => key !== "");
    for (const key of keys) expect(`${result.stdout}${result.stderr}`).to.not.contain(key);
    return result;
  }
  const path = (name: string) => join(project.folder, `deployments/sepolia/${name}.json`);
  const read = async (name: string) => JSON.parse(await readFile(path(name), "utf8")) as Record_;

  it("publishes on three explorers what compiles to the code on the chain, with deploy --verify", async () => {
    const { code, stdout, stderr } = await run(["deploy", "--yes", "--verify", "--json"]);
    expect(code, stderr).to.equal(0);
    const { verifications } = JSON.parse(stdout) as { verifications: Verification[] };
    expect(verifications.map(({ status }) => status)).to.deep.equal(Array(9).fill("verified"));
    const { received, notIndexed } = explorers;
    expect(
      received
        .map(({ explorer, contract, verdict }) => `${explorer} ${contract.split(":")[1] ?? ""} ${verdict}`)
        .sort(),
    ).to.deep.equal(
      // The addresses of libraries are part of the compiler's settings, so of the metadata: all but that is equal.
      ["blockscout", "etherscan", "sourcify"].flatMap((explorer) => [
        `${explorer} ConvertLib exact`,
        `${explorer} MetaCoin partial`,
        `${explorer} Vault partial`,
      ]),
    );
    // Each explorer was behind at first.
    expect([...notIndexed.keys()].sort()).to.deep.equal(["blockscout", "etherscan", "sourcify"]);
    const args = AbiCoder.defaultAbiCoder().encode(["uint256", "string"], [7n, "savings"]).slice(2);
    for (const { explorer, contract, ...submitted } of received)
      if (contract.endsWith(":Vault"))
        expect(submitted.args, explorer).to.equal(explorer === "sourcify" ? undefined : args);
  });

  it("keeps what they said in the records", async () => {
    for (const name of ["ConvertLib", "MetaCoin", "Vault"]) {
      const { address, metacoin } = await read(name);
      expect(Object.fromEntries(metacoin.verified.map(({ explorer, url }) => [explorer, url]))).to.deep.equal({
        etherscan: `${explorers.url}/etherscan/address/${address}#code`,
        sourcify: `${explorers.url}/repo-ui/11155111/${address}`,
        blockscout: `${explorers.url}/blockscout/address/${address}#code`,
      });
    }
    expect((await run(["deployments"])).stdout).to.contain("etherscan, sourcify, blockscout");
  });

  it("takes what is verified already as a success, and sends nothing again", async () => {
    const before = explorers.received.length;
    const { code, stdout, stderr } = await run(["deployments", "verify", "MetaCoin", "--json"]);
    expect(code, stderr).to.equal(0);
    const results = JSON.parse(stdout) as Verification[];
    expect(results.map(({ status }) => status)).to.deep.equal(Array(3).fill("already verified"));
    expect(stderr).to.equal("");
    expect(explorers.received.length).to.equal(before);
  });

  it("fails, with exit code 1, where an explorer cannot compile the sources to the code on the chain", async () => {
    await run(["deployments", "forget", "Vault", "--yes"]);
    expect((await run(["deploy", "--yes"])).code).to.equal(0);
    const record = await read("Vault");
    await project.write({ "deployments/sepolia/Vault.json": JSON.stringify({ ...record, args: ["8", "savings"] }) });
    const wrong = await run(["deployments", "verify", "Vault", "--explorers", "etherscan,blockscout", "--json"]);
    expect(wrong.code).to.equal(1);
    const results = JSON.parse(wrong.stdout) as Verification[];
    expect(results.map(({ status }) => status)).to.deep.equal(["failed", "failed"]);
    for (const { detail } of results) expect(detail).to.contain("Fail - Unable to verify");
    expect((await read("Vault")).metacoin.verified).to.deep.equal([]);
    await project.write({ "deployments/sepolia/Vault.json": JSON.stringify(record) });
  });

  it("does not repeat a key that Etherscan refuses, and needs none for the others", async () => {
    const ETHERSCAN_API_KEY = "ANOTHERSECRETKEY";
    const refused = await run(["deployments", "verify", "Vault", "--explorers", "etherscan", "--json"], {
      ETHERSCAN_API_KEY,
    });
    expect(refused.code).to.equal(1);
    expect((JSON.parse(refused.stdout) as Verification[])[0]?.detail).to.contain("Invalid API Key (#err2)|…");
    const none = await run(["deployments", "verify", "Vault", "--explorers", "etherscan"], { ETHERSCAN_API_KEY: "" });
    expect(none.code).to.equal(2);
    expect(none.stderr).to.contain("keystore set ETHERSCAN_API_KEY");
    const others = await run(["deployments", "verify", "MetaCoin", "--json"], { ETHERSCAN_API_KEY: "" });
    expect((JSON.parse(others.stdout) as Verification[]).map(({ explorer }) => explorer)).to.deep.equal([
      "sourcify",
      "blockscout",
    ]);
  });

  it("fails before anything is sent where the sources are others than those that were deployed", async () => {
    const before = explorers.received.length;
    await project.write({ "contracts/Vault.sol": vault.replace("(opening, 3)", "(opening, 4)") });
    const changed = await run(["deployments", "verify", "Vault", "--explorers", "sourcify", "--json"]);
    expect(changed.code).to.equal(1);
    const [result] = JSON.parse(changed.stdout) as Verification[];
    expect(result?.status).to.equal("failed");
    expect(result?.detail).to.contain("bytecode does not match");
    expect(explorers.received.length).to.equal(before);
  });
});
