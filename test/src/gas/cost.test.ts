import { expect } from "chai";

import { costOf, expectedPrice, NOTHING, sumOf } from "../../../src/gas/cost.ts";
import type { Fees } from "../../../src/gas/market.ts";

const fees: Fees = { type: 2, baseFee: 10n, maxPriorityFeePerGas: 2n, maxFeePerGas: 22n };

describe("gas/cost", () => {
  it("expects the base fee of now and the tip; the worst is the cap times the limit", () => {
    expect(costOf({ gas: 100n, gasLimit: 120n }, fees)).to.deep.equal({ expected: 1_200n, worst: 2_640n });
    expect(costOf({ gas: 100n }, fees)).to.deep.equal({ expected: 1_200n, worst: 2_200n });
  });

  it("adds the value and the fee of the layer below", () => {
    const l1Fee = { expected: 7n, worst: 9n };
    expect(costOf({ gas: 1n, value: 1_000n, l1Fee }, fees)).to.deep.equal({ expected: 1_019n, worst: 1_031n });
  });

  it("never expects more than the cap", () => {
    expect(expectedPrice({ ...fees, maxFeePerGas: 11n })).to.equal(11n);
    expect(expectedPrice(fees)).to.equal(12n);
  });

  it("sums up, and nothing costs nothing", () => {
    expect(sumOf([])).to.deep.equal(NOTHING);
    expect(
      sumOf([
        { expected: 1n, worst: 2n },
        { expected: 10n, worst: 20n },
      ]),
    ).to.deep.equal({ expected: 11n, worst: 22n });
  });
});
