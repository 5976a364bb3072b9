import { expect } from "chai";

import { type Anvil, startAnvil } from "../../helpers/anvil.ts";
import { makeMetaCoin } from "../../helpers/metacoin.ts";
import type { Project } from "../../helpers/project.ts";
import { fund, type Funded } from "../../helpers/wallet.ts";

const friend = "0x627306090abaB3A6e1400e9345bC60c78a8BEf57";

describe("hardhat coin", function () {
  this.timeout(120_000);
  let anvil: Anvil;
  let project: Project;
  let wallet: Funded;

  before(async () => {
    anvil = await startAnvil(["--block-time", "1"]);
    project = await makeMetaCoin();
    wallet = await fund(anvil);
    expect((await run(["deploy", "--yes"])).code).to.equal(0);
  });

  after(async () => {
    await anvil.stop();
    await project.remove();
  });

  const run = (args: readonly string[]) =>
    project.run([...args, "--network", "sepolia"], { MNEMONIC: wallet.mnemonic, SEPOLIA_URL: anvil.url });
  const balance = async (address: string) =>
    (JSON.parse((await run(["coin", "balance", address, "--json"])).stdout) as { coins: string }).coins;
  const nonce = async () => Number(await anvil.request("eth_getTransactionCount", wallet.address, "pending"));

  it("shows the balance of the deployer and of an address", async () => {
    const { stdout } = await run(["coin", "balance"]);
    expect(stdout).to.equal(`${wallet.address} holds 10000 coins on sepolia, worth 20000 by the fixed rate\n`);
    expect(await balance("0x0000000000000000000000000000000000000001")).to.equal("0");
  });

  it("sends twice at once without using a nonce twice", async () => {
    const before = await nonce();
    const results = await Promise.all([
      run(["coin", "send", friend, "3", "--json"]),
      run(["coin", "send", friend, "4", "--json"]),
    ]);
    expect(
      results.map(({ code }) => code),
      results.map(({ stderr }) => stderr).join("\n"),
    ).to.deep.equal([0, 0]);
    const hashes = results.map(({ stdout }) => (JSON.parse(stdout) as { transactionHash: string }).transactionHash);
    expect(new Set(hashes).size).to.equal(2);
    expect(await nonce()).to.equal(before + 2);
    expect(await balance(friend)).to.equal("7");
    expect(await balance(wallet.address)).to.equal("9993");
  });

  it("finds too few coins by simulation and sends nothing", async () => {
    const before = await nonce();
    const { code, stdout } = await run(["coin", "send", friend, "10001", "--json"]);
    expect(code).to.equal(1);
    expect((JSON.parse(stdout) as { error: { code: string } }).error.code).to.equal("TOO_FEW_COINS");
    expect(await nonce()).to.equal(before);
  });

  it("refuses what is no address and no amount", async () => {
    expect((await run(["coin", "send", "0x12", "1"])).code).to.equal(2);
    expect((await run(["coin", "send", friend.replace("aB", "Ab"), "1"])).code).to.equal(2);
    expect((await run(["coin", "send", friend, "1.5"])).code).to.equal(2);
  });
});
