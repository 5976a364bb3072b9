// Deploys MetaCoin on the built-in chain and asks it for a balance: what `truffle exec` was for.
//
//   npx hardhat run scripts/balance.ts
import { network } from "hardhat";

const { ethers } = await network.create();
const library = await ethers.deployContract("ConvertLib");
const coin = await ethers.deployContract("MetaCoin", { libraries: { ConvertLib: library } });
const [owner] = await ethers.getSigners();
if (owner === undefined) throw new Error("The built-in chain has no accounts");
await coin.sendCoin("0x000000000000000000000000000000000000dEaD", 10n);
process.stdout.write(`${owner.address} has ${String(await coin.getBalance(owner.address))} coins left\n`);
