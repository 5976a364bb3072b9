import { expect } from "chai";
import { computeAddress, HDNodeWallet, Mnemonic, wordlists } from "ethers";

import { accountsOf, deriveAccounts } from "../../../src/wallet/accounts.ts";

const WORDS = "legal winner thank year wave sausage worth useful legal winner thank yellow";

describe("wallet/accounts", () => {
  it("derives what ethers derives, with paths and keys that fit the addresses", async () => {
    const accounts = await deriveAccounts(WORDS, { count: 3 });
    for (const [index, { address, path, privateKey, index: own }] of accounts.entries()) {
      const wallet = HDNodeWallet.fromPhrase(WORDS, undefined, `m/44'/60'/0'/0/${String(index)}`);
      expect(own).to.equal(index);
      expect(path).to.equal(wallet.path);
      expect(address).to.equal(wallet.address);
      expect(computeAddress(privateKey)).to.equal(address);
    }
    expect(accounts).to.have.length(3);
  });

  it("gives the first account by default and follows another path", async () => {
    const [account, ...others] = await deriveAccounts(WORDS, { path: "m/44'/1'/0'/0" });
    expect(others).to.deep.equal([]);
    expect(account?.path).to.equal("m/44'/1'/0'/0/0");
    expect(account?.address).to.equal(HDNodeWallet.fromPhrase(WORDS, undefined, "m/44'/1'/0'/0/0").address);
  });

  it("needs no word list: words of another language derive as they do elsewhere", async () => {
    const mnemonic = Mnemonic.fromEntropy("0x00112233445566778899aabbccddeeff", "", wordlists["ja"]);
    const [account] = await deriveAccounts(mnemonic.phrase);
    expect(account?.address).to.equal(HDNodeWallet.fromMnemonic(mnemonic).address);
  });

  it("a private key opens one account, without a path", async () => {
    const key = `0x${"11".repeat(32)}`;
    expect(await accountsOf({ kind: "privateKey", key }, { count: 5 })).to.deep.equal([
      { index: 0, path: undefined, address: computeAddress(key), privateKey: key },
    ]);
    expect(await accountsOf({ kind: "mnemonic", phrase: WORDS }, { count: 2 })).to.deep.equal(
      await deriveAccounts(WORDS, { count: 2 }),
    );
  });
});
