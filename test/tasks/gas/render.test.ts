import { expect } from "chai";

import type { Quote } from "../../../src/deploy/quote.ts";
import { chooseFees, type Market } from "../../../src/gas/market.ts";
import type { FaucetReport } from "../../../tasks/gas/faucet.ts";
import type { GasReport } from "../../../tasks/gas/gas.ts";
import { renderFaucet } from "../../../tasks/gas/render-faucet.ts";
import { renderGas, summarizeGas } from "../../../tasks/gas/render-gas.ts";

const gwei = 10n ** 9n;

const market: Market = {
  eip1559: true,
  baseFee: 12n * gwei,
  baseFees: [10n * gwei, 11n * gwei, 12n * gwei],
  trend: "rising",
  tips: { slow: gwei / 1_000n, standard: gwei, fast: 2n * gwei },
};

const quote: Quote = {
  speed: "standard",
  fees: chooseFees(market, "standard"),
  feeCeiling: 37_500_000_000n,
  expected: 13n * gwei * 300_000n,
  worst: 37_500_000_000n * 310_000n,
  steps: [
    {
      label: "ConvertLib",
      gas: 86_580n,
      gasLimit: 90_000n,
      expected: 86_580n * 13n * gwei,
      worst: 90_000n * 37n * gwei,
    },
    {
      label: "MetaCoin",
      gas: 213_420n,
      gasLimit: 220_000n,
      expected: 213_420n * 13n * gwei,
      worst: 220_000n * 37n * gwei,
    },
  ],
};

const report = (changes: Partial<GasReport> = {}): GasReport => ({
  network: "sepolia",
  chainId: 11155111,
  block: 77,
  market,
  fees: {
    slow: chooseFees(market, "slow"),
    standard: chooseFees(market, "standard"),
    fast: chooseFees(market, "fast"),
  },
  speed: "standard",
  pending: { kind: "plan", quote },
  hasL1Fee: false,
  ...changes,
});

describe("gas: renderGas", () => {
  it("shows the base fee, its trend and chart, each speed, and each step of the plan", () => {
    expect(renderGas(report())).to.equal(
      [
        "Gas on sepolia (chain 11155111) at block 77",
        "",
        "  base fee 12 gwei, rising over the last 2 blocks",
        "",
        "  12 ┤    ██",
        "     │    ██",
        "     │  ▅▅██",
        "     │  ████",
        "  10 ┤▁▁████",
        "",
        "  gwei      of 20 blocks  priority  paid now  offered",
        "  slow              10 %     0.001        12       24",
        "  standard          50 %         1        13       25",
        "  fast              90 %         2        14       26",
        "",
        "  to deploy, standard      gas  expected ETH  at most ETH",
        "  ConvertLib            86,580    0.00112554      0.00333",
        "  MetaCoin             213,420    0.00277446      0.00814",
        "  total                300,000        0.0039     0.011625",
        "",
        "  At most: all of the gas limit, at 37.5 gwei, the most that replacements offer.",
      ].join("\n"),
    );
  });

  it("says so where nothing is left to deploy, where no plan can be made, and where data costs extra", () => {
    expect(renderGas(report({ pending: { kind: "nothing" } }))).to.contain("Nothing is left to deploy to sepolia.");
    const unknown = renderGas(report({ pending: { kind: "unknown", reason: "no account" } }));
    expect(unknown).to.contain("cannot be told: no account").and.to.contain("base fee 12 gwei");
    expect(renderGas(report({ hasL1Fee: true }))).to.contain("data on the layer below");
  });

  it("shows a chain without a base fee without a chart", () => {
    const legacy: Market = { ...market, eip1559: false, baseFee: 0n, baseFees: [] };
    expect(renderGas(report({ market: legacy })))
      .to.contain("no base fee")
      .and.not.to.contain("┤");
  });

  it("fits one line where a display cannot be drawn anew", () => {
    expect(summarizeGas(report())).to.equal(
      "block 77: base fee 12 gwei, rising, standard 13 gwei, the plan 0.0039 ETH",
    );
  });
});

const account: FaucetReport = {
  network: "sepolia",
  chainId: 11155111,
  address: "0x58A57ed9d8d624cBD12e2C467D34787555bB1b25",
  balance: 10n ** 16n,
  needed: 3n * 10n ** 16n,
  shortfall: 2n * 10n ** 16n,
  funded: false,
  steps: 2,
  faucets: [{ name: "A faucet", url: "https://faucet.example", asks: "nothing" }],
  faucetsAsOf: "2026-11",
  paymentLink: "ethereum:0x58A57ed9d8d624cBD12e2C467D34787555bB1b25@11155111?value=20000000000000000",
};

describe("faucet: renderFaucet", () => {
  it("shows what is there, needed and missing, the faucets with their date, the link and its code", () => {
    const lines = renderFaucet(account).split("\n");
    expect(lines.slice(0, 12)).to.deep.equal([
      "0x58A57ed9d8d624cBD12e2C467D34787555bB1b25 on sepolia (chain 11155111)",
      "",
      "  balance    0.01 ETH",
      "  needed     0.03 ETH at most, for 2 transactions",
      "  shortfall  0.02 ETH",
      "",
      "Faucets, as of 2026-11:",
      "  A faucet  https://faucet.example  nothing",
      "",
      "Or pay from another wallet:",
      `  ${account.paymentLink ?? ""}`,
      "",
    ]);
    const code = lines.filter((line) => /^[█▀▄ ]+$/u.test(line));
    expect(code.length).to.be.at.least(18);
    expect(new Set(code.map((line) => line.length)).size).to.equal(1);
    expect(lines.at(-1)).to.equal("To wait for it: npx hardhat faucet --network sepolia --wait");
  });

  it("is short where nothing is missing", () => {
    const { paymentLink: _, ...rest } = account;
    expect(
      renderFaucet({ ...rest, balance: 3n * 10n ** 16n, shortfall: 0n, funded: true })
        .split("\n")
        .slice(2),
    ).to.deep.equal([
      "  balance  0.03 ETH",
      "  needed   0.03 ETH at most, for 2 transactions",
      "",
      "Funded. Next: npx hardhat deploy --network sepolia",
    ]);
  });

  it("shows the balance where no plan can be made, and that mainnet's coins are not given away", () => {
    const { needed: _, ...rest } = account;
    const text = renderFaucet({
      ...rest,
      needed: undefined,
      problem: "it does not compile",
      network: "mainnet",
      faucets: [],
    });
    expect(text).to.contain("balance  0.01 ETH").and.to.contain("cannot be told: it does not compile");
    expect(text).to.contain("Nobody gives coins of mainnet away.");
  });
});
