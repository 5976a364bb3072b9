import { expect } from "chai";
import { id, ZeroAddress } from "ethers";
import { globalOptions, network } from "hardhat";

const { ethers, networkHelpers } = await network.create("default");

async function deployMetaCoin() {
  const [owner, alice, bob] = await ethers.getSigners();
  const convertLib = await ethers.deployContract("ConvertLib");
  const coin = await ethers.deployContract("MetaCoin", [], { libraries: { ConvertLib: convertLib.target } });
  if (owner === undefined || alice === undefined || bob === undefined) throw new Error("The chain has no accounts");
  return { owner, alice, bob, convertLib, coin };
}

describe("MetaCoin", () => {
  it("has the interface of the Truffle box, and the supply", async () => {
    const { coin } = await networkHelpers.loadFixture(deployMetaCoin);
    const signatures = coin.interface.fragments.map((fragment) => fragment.format("minimal"));
    expect(signatures).to.have.members([
      "constructor()",
      "event Transfer(address indexed,address indexed,uint256)",
      "function SUPPLY() view returns (uint256)",
      "function getBalance(address) view returns (uint256)",
      "function getBalanceInEth(address) view returns (uint256)",
      "function sendCoin(address,uint256) returns (bool)",
    ]);
    expect(coin.interface.getFunction("sendCoin").selector).to.equal("0x90b98a11");
    expect(coin.interface.getFunction("getBalance").selector).to.equal("0xf8b2cb4f");
    expect(coin.interface.getEvent("Transfer").topicHash).to.equal(id("Transfer(address,address,uint256)"));
  });

  it("mints the supply to who signs the deployment, and says so", async () => {
    const { coin, owner } = await networkHelpers.loadFixture(deployMetaCoin);
    expect(await coin.SUPPLY()).to.equal(10_000);
    expect(await coin.getBalance(owner)).to.equal(10_000);
    await expect(coin.deploymentTransaction()).to.emit(coin, "Transfer").withArgs(ZeroAddress, owner.address, 10_000);
  });

  it("takes no ether, neither at construction nor in a send", async () => {
    const { coin, convertLib, alice } = await networkHelpers.loadFixture(deployMetaCoin);
    const libraries = { ConvertLib: convertLib.target };
    const factory = await ethers.getContractFactory("MetaCoin", { libraries });
    const [creation, send] = [await factory.getDeployTransaction(), await coin.sendCoin.populateTransaction(alice, 1)];
    await expect(alice.sendTransaction({ ...creation, value: 1 })).to.be.revertedWithoutReason(ethers);
    await expect(alice.sendTransaction({ ...send, value: 1 })).to.be.revertedWithoutReason(ethers);
  });

  it("sends coins: debit, credit, event, true", async () => {
    const { coin, owner, alice } = await networkHelpers.loadFixture(deployMetaCoin);
    expect(await coin.sendCoin.staticCall(alice, 10)).to.equal(true);
    await expect(coin.sendCoin(alice, 10)).to.emit(coin, "Transfer").withArgs(owner.address, alice.address, 10);
    expect(await coin.getBalance(owner)).to.equal(9990);
    expect(await coin.getBalance(alice)).to.equal(10);
  });

  it("refuses what the sender does not have: false, no event, no change, no revert", async () => {
    const { coin, owner, alice, bob } = await networkHelpers.loadFixture(deployMetaCoin);
    expect(await coin.connect(alice).sendCoin.staticCall(bob, 1)).to.equal(false);
    await expect(coin.sendCoin(alice, 10_001)).not.to.emit(coin, "Transfer");
    expect(await coin.getBalance(owner)).to.equal(10_000);
    expect(await coin.getBalance(alice)).to.equal(0);
  });

  it("sends the exact balance, to oneself too", async () => {
    const { coin, owner, alice } = await networkHelpers.loadFixture(deployMetaCoin);
    await expect(coin.sendCoin(owner, 10_000)).to.emit(coin, "Transfer").withArgs(owner.address, owner.address, 10_000);
    expect(await coin.getBalance(owner)).to.equal(10_000);
    await coin.sendCoin(alice, 10_000);
    expect(await coin.getBalance(owner)).to.equal(0);
    expect(await coin.getBalance(alice)).to.equal(10_000);
  });

  it("converts by the linked library", async () => {
    const { coin, convertLib, owner, alice } = await networkHelpers.loadFixture(deployMetaCoin);
    await coin.sendCoin(alice, 3);
    expect(await coin.getBalanceInEth(alice)).to.equal(await convertLib.convert(3, 2));
    expect(await coin.getBalanceInEth(owner)).to.equal(19_994);
  });
});

describe("MetaCoin: gas", () => {
  it("costs no more than was agreed", async function () {
    // Instrumented code costs more.
    if (globalOptions.coverage) this.skip();
    const { coin, convertLib, alice } = await networkHelpers.loadFixture(deployMetaCoin);
    const used = async (transaction: { wait(): Promise<{ gasUsed: bigint } | null> } | null) =>
      Number((await transaction?.wait())?.gasUsed);
    const gas = {
      library: await used(convertLib.deploymentTransaction()),
      coin: await used(coin.deploymentTransaction()),
      toFreshAccount: await used(await coin.sendCoin(alice, 10)),
      toHolder: await used(await coin.sendCoin(alice, 10)),
    };
    expect(gas.library).to.be.at.most(86_600);
    expect(gas.coin).to.be.at.most(214_000);
    expect(gas.toFreshAccount).to.be.at.most(51_000);
    expect(gas.toHolder).to.be.at.most(33_900);
  });
});

describe("ConvertLib", () => {
  it("multiplies, and panics where the product does not fit", async () => {
    const { convertLib } = await networkHelpers.loadFixture(deployMetaCoin);
    expect(await convertLib.convert(10_000, 2)).to.equal(20_000);
    await expect(convertLib.convert(2n ** 255n, 2)).to.be.revertedWithPanic(0x11);
  });
});
