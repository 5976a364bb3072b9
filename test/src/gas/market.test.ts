import { expect } from "chai";
import { network } from "hardhat";

import { chooseFees, feeHistoryCall, type Market, readFeeHistory, readMarket } from "../../../src/gas/market.ts";
import { MalformedAnswerError } from "../../../src/rpc/quantity.ts";
import { RpcAnswerError } from "../../../src/rpc/rpc.ts";

const gwei = 1_000_000_000n;
const quantity = (value: bigint) => `0x${value.toString(16)}`;

/** An answer to eth_feeHistory; one base fee more than blocks, as the specification has it. */
function history(baseFees: bigint[], rewards: bigint[][] = [], gasUsedRatio = rewards.map(() => 0.5)) {
  return {
    oldestBlock: "0x1",
    baseFeePerGas: baseFees.map(quantity),
    gasUsedRatio,
    reward: rewards.map((row) => row.map(quantity)),
  };
}

function read(json: unknown): Market {
  const market = readFeeHistory(json);
  expect(market).not.to.equal(undefined);
  return market as Market;
}

describe("gas/market", () => {
  it("asks for the last 20 blocks and three percentiles", () => {
    expect(feeHistoryCall).to.deep.equal({ method: "eth_feeHistory", params: ["0x14", "latest", [10, 50, 90]] });
  });

  it("takes the next block's base fee and the median tip of each speed", () => {
    const market = read(
      history(
        [10n * gwei, 11n * gwei, 12n * gwei, 12n * gwei],
        [
          [1n, 2n, 3n],
          [5n, 9n, 20n],
          [2n, 4n, 7n],
        ].map((row) => row.map((tip) => tip * gwei)),
      ),
    );
    expect(market.baseFee).to.equal(12n * gwei);
    expect(market.baseFees).to.deep.equal([10n * gwei, 11n * gwei, 12n * gwei, 12n * gwei]);
    expect(market.tips).to.deep.equal({ slow: 2n * gwei, standard: 4n * gwei, fast: 7n * gwei });
  });

  it("does not let empty blocks, which report tips of 0, speak for the market", () => {
    const rows = [
      [0n, 0n, 0n],
      [0n, 0n, 0n],
      [gwei, 2n * gwei, 3n * gwei],
    ];
    expect(read(history([gwei, gwei, gwei, gwei], rows, [0, 0, 0.4])).tips.standard).to.equal(2n * gwei);
  });

  it("offers the least that nodes take where all blocks are empty or no tips were given", () => {
    const least = { slow: 1_000_000n, standard: 1_000_000n, fast: 1_000_000n };
    expect(read(history([gwei, gwei], [[0n, 0n, 0n]], [0])).tips).to.deep.equal(least);
    expect(read({ baseFeePerGas: ["0x1"], gasUsedRatio: null }).tips).to.deep.equal(least);
  });

  for (const [next, trend] of [
    [12n, "rising"],
    [11n, "steady"],
    [9n, "steady"],
    [8n, "falling"],
  ] as const)
    it(`calls 10 → ${String(next)} gwei ${trend}`, () => {
      expect(read(history([10n * gwei, next * gwei])).trend).to.equal(trend);
    });

  it("falls back to the gas price on a chain that knows no fee history, or no base fee", async () => {
    const fallbacks = [
      () =>
        Promise.reject(new RpcAnswerError("eth_feeHistory", { code: -32601, message: "the method does not exist" })),
      () => Promise.resolve({ oldestBlock: "0x1", baseFeePerGas: [null, null], gasUsedRatio: [0.1] }),
      () => Promise.resolve({ oldestBlock: "0x1", gasUsedRatio: [0.1] }),
      () => Promise.resolve(null),
    ];
    for (const feeHistory of fallbacks) {
      const market = await readMarket((method) => (method === "eth_gasPrice" ? Promise.resolve("0x64") : feeHistory()));
      expect(market).to.deep.include({ eip1559: false, baseFee: 0n, tips: { slow: 100n, standard: 100n, fast: 125n } });
      expect(chooseFees(market, "fast")).to.deep.equal({
        type: 0,
        maxFeePerGas: 125n,
        maxPriorityFeePerGas: 125n,
        baseFee: 0n,
      });
    }
  });

  it("does not take a fault of the endpoint for an old chain", async () => {
    const fault = new Error("timeout");
    let thrown: unknown;
    await readMarket(() => Promise.reject(fault)).catch((error: unknown) => (thrown = error));
    expect(thrown).to.equal(fault);
  });

  it("refuses what is no answer", () => {
    expect(() => readFeeHistory({ baseFeePerGas: ["ten"] })).to.throw(MalformedAnswerError);
    expect(() => readFeeHistory({ baseFeePerGas: ["0x1"], gasUsedRatio: [1], reward: ["0x1"] })).to.throw(
      MalformedAnswerError,
    );
  });

  it("reads the built-in chain, whose next base fee it names", async () => {
    const { provider } = await network.create("default");
    const market = await readMarket((method, params) => provider.request({ method, params: [...params] }));
    await provider.request({ method: "hardhat_mine", params: ["0x1"] });
    const block = (await provider.request({ method: "eth_getBlockByNumber", params: ["latest", false] })) as {
      baseFeePerGas: string;
    };
    expect(market.baseFee).to.equal(BigInt(block.baseFeePerGas));
    await provider.close();
  });
});

describe("gas/market: chooseFees", () => {
  const market = read(history([20n * gwei], [[gwei, 2n * gwei, 3n * gwei]]));

  it("offers twice the base fee and the tip", () => {
    expect(chooseFees(market, "standard")).to.deep.equal({
      type: 2,
      maxFeePerGas: 42n * gwei,
      maxPriorityFeePerGas: 2n * gwei,
      baseFee: 20n * gwei,
    });
    expect(chooseFees(market, "slow").maxFeePerGas).to.equal(41n * gwei);
    expect(chooseFees(market, "fast").maxFeePerGas).to.equal(43n * gwei);
  });

  it("stays at or below the cap, the tip too, and leaves a lower offer alone", () => {
    expect(chooseFees(market, "fast", 30n * gwei)).to.deep.include({
      maxFeePerGas: 30n * gwei,
      maxPriorityFeePerGas: 3n * gwei,
    });
    expect(chooseFees(market, "fast", gwei)).to.deep.include({ maxFeePerGas: gwei, maxPriorityFeePerGas: gwei });
    expect(chooseFees(market, "fast", 1_000n * gwei).maxFeePerGas).to.equal(43n * gwei);
  });
});
