import { expect } from "chai";
import { network } from "hardhat";

import { NotADevelopmentNodeError, setBalance } from "../../../src/faucet/development.ts";
import { createLocalRpc } from "../../../src/rpc/local.ts";
import { rejection } from "../../helpers/rejection.ts";

const address = "0x58A57ed9d8d624cBD12e2C467D34787555bB1b25";

describe("faucet/development", () => {
  it("sets a balance on Hardhat's chain", async () => {
    const { provider } = await network.create("default");
    const rpc = createLocalRpc((method, params) => provider.request({ method, params: [...params] }));
    await setBalance(rpc, address, 42n);
    expect(await rpc.request("eth_getBalance", [address, "latest"])).to.equal("0x2a");
    await provider.close();
  });

  it("asks a node of another make for nothing but its name", async () => {
    for (const client of ["Geth/v1.16.0-stable/linux-amd64/go1.24", "not anvil/1.0", 7]) {
      const asked: string[] = [];
      const request = async (method: string) => {
        asked.push(method);
        return client;
      };
      expect(await rejection(setBalance({ request }, address, 1n))).to.be.an.instanceOf(NotADevelopmentNodeError);
      expect(asked).to.deep.equal(["web3_clientVersion"]);
    }
  });
});
