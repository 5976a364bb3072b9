import { expect } from "chai";
import * as fc from "fast-check";

import { faucetsOf, FAUCETS_AS_OF } from "../../../src/faucet/faucets.ts";
import { paymentLink, roundUp } from "../../../src/faucet/payment.ts";

const address = "0x58A57ed9d8d624cBD12e2C467D34787555bB1b25";

describe("faucet/payment", () => {
  it("writes a payment as EIP-681 does", () => {
    expect(paymentLink(address, 11155111, 10n ** 16n)).to.equal(`ethereum:${address}@11155111?value=10000000000000000`);
    expect(paymentLink(address, 1, undefined)).to.equal(`ethereum:${address}@1`);
  });

  it("rounds up to two significant digits, by less than a tenth", () => {
    expect(roundUp(1_079_390_425_500_000n)).to.equal(1_100_000_000_000_000n);
    expect(roundUp(99n)).to.equal(99n);
    fc.assert(
      fc.property(fc.bigInt({ min: 1n, max: 10n ** 24n }), (wei) => {
        const rounded = roundUp(wei);
        expect(rounded >= wei && rounded * 10n <= wei * 11n).to.equal(true);
        expect(rounded.toString().replace(/0+$/u, "").length).to.be.at.most(2);
      }),
    );
  });
});

describe("faucet/faucets", () => {
  it("knows a place for every testnet that is configured, and says when that was", () => {
    for (const chainId of [11155111, 560048, 84532, 11155420, 421614]) {
      expect(faucetsOf(chainId), String(chainId)).not.to.have.length(0);
      for (const { url, name, asks } of faucetsOf(chainId)) {
        expect(new URL(url).protocol).to.equal("https:");
        expect(name).not.to.equal("");
        expect(asks).not.to.equal("");
      }
    }
    expect(FAUCETS_AS_OF).to.match(/^\d{4}-\d{2}$/u);
  });

  it("knows none for mainnet and for development chains", () => {
    expect(faucetsOf(1)).to.deep.equal([]);
    expect(faucetsOf(31337)).to.deep.equal([]);
  });
});
