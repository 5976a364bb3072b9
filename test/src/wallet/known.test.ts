import { expect } from "chai";

import { deriveAccounts } from "../../../src/wallet/accounts.ts";
import { DEVELOPMENT_WALLETS, wellKnownAddress, wellKnownPhrase } from "../../../src/wallet/known.ts";

describe("wallet/known", () => {
  for (const { tool, phrase, addresses } of DEVELOPMENT_WALLETS) {
    it(`knows the phrase of ${tool} and the accounts it opens`, async () => {
      const derived = await deriveAccounts(phrase, { count: addresses.length });
      expect(derived.map(({ address }) => address)).to.deep.equal(addresses);
      expect(wellKnownPhrase(phrase)).to.equal(tool);
      for (const address of addresses) expect(wellKnownAddress(address)).to.equal(tool);
    });
  }

  it("knows a phrase however it is typed", () => {
    expect(wellKnownPhrase("  Candy maple  cake sugar pudding cream honey rich smooth crumble sweet\ntreat ")).to.equal(
      "Truffle",
    );
    expect(wellKnownAddress("0X627306090ABAB3A6E1400E9345BC60C78A8BEF57")).to.equal("Truffle");
  });

  it("lets others pass", () => {
    expect(wellKnownPhrase("legal winner thank year wave sausage worth useful legal winner thank yellow")).to.equal(
      undefined,
    );
    expect(wellKnownAddress("0x58A57ed9d8d624cBD12e2C467D34787555bB1b25")).to.equal(undefined);
  });
});
