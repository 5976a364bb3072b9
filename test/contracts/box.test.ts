import assert from "node:assert/strict";

import { network } from "hardhat";

const { ethers } = await network.create("default");

/**
 * The three JavaScript checks that the Truffle MetaCoin box ships with, by their own names;
 * contracts/TruffleBox.t.sol has its two in Solidity. Truffle deployed once for all of them, and so does this.
 */
describe("The Truffle box's own checks", () => {
  const box = (async () => {
    const [first, second] = await ethers.getSigners();
    assert.ok(first && second);
    const library = await ethers.deployContract("ConvertLib");
    const coin = await ethers.deployContract("MetaCoin", [], { libraries: { ConvertLib: library.target } });
    return { first, second, coin };
  })();

  it("should put 10000 MetaCoin in the first account", async () => {
    const { coin, first } = await box;
    assert.equal(await coin.getBalance(first), 10_000n, "10000 wasn't in the first account");
  });

  it("should call a function that depends on a linked library", async () => {
    const { coin, first } = await box;
    const balance = await coin.getBalance(first);
    assert.equal(await coin.getBalanceInEth(first), 2n * balance, "Library function returned unexpected function");
  });

  it("should send coin correctly", async () => {
    const { coin, first, second } = await box;
    const amount = 10n;
    const [firstBefore, secondBefore] = [await coin.getBalance(first), await coin.getBalance(second)];
    await coin.connect(first).sendCoin(second, amount);
    assert.equal(await coin.getBalance(first), firstBefore - amount, "Amount wasn't correctly taken from the sender");
    assert.equal(await coin.getBalance(second), secondBefore + amount, "Amount wasn't correctly sent to the receiver");
  });
});
