import { expect } from "chai";

import { type ExportedNetwork, exportFormats, exportNetworks } from "../../../src/registry/export.ts";

const abi = [{ type: "function", name: "count", inputs: [] }];
const counter = (address: string, items = abi) => ({ name: "Counter", address, abi: items });
const [one, two] = [`0x${"1".repeat(40)}`, `0x${"2".repeat(40)}`];

const sepolia: ExportedNetwork = { name: "sepolia", chainId: 11155111, contracts: [counter(one)] };
const base: ExportedNetwork = {
  name: "baseSepolia",
  chainId: 84532,
  contracts: [counter(two), { name: "2ndCoin", address: one, abi }],
};

describe("exportNetworks", () => {
  it("gives the same text whatever the order", () => {
    const reversed = [{ ...base, contracts: base.contracts.toReversed() }, sepolia];
    for (const format of exportFormats)
      expect(exportNetworks([sepolia, base], format)).to.equal(exportNetworks(reversed, format));
  });

  it("writes variables", () => {
    expect(exportNetworks([sepolia, base], "env")).to.equal(
      `BASE_SEPOLIA_CHAIN_ID=84532
BASE_SEPOLIA_2ND_COIN_ADDRESS=${one}
BASE_SEPOLIA_COUNTER_ADDRESS=${two}
SEPOLIA_CHAIN_ID=11155111
SEPOLIA_COUNTER_ADDRESS=${one}
`,
    );
  });

  it("writes one JSON document", () => {
    expect(JSON.parse(exportNetworks([sepolia], "json"))).to.deep.equal({
      sepolia: { chainId: 11155111, contracts: { Counter: { address: one, abi } } },
    });
  });

  it("writes one contract with the addresses of all networks, where its ABI is the same on all", () => {
    const text = exportNetworks([sepolia, base], "wagmi");
    expect(text).to.contain(
      `export const counterAddress = {\n  "84532": "${two}",\n  "11155111": "${one}"\n} as const;`,
    );
    expect(text).to.contain("export const _2ndCoinAbi = ");
    expect(text.match(/export const counterAbi/gu)).to.have.length(1);
  });

  it("writes a contract a network, where the ABIs differ", () => {
    const other = { ...base, contracts: [counter(two, [])] };
    const text = exportNetworks([sepolia, other], "wagmi");
    expect(text).to.contain("counterSepoliaAddress").and.to.contain("counterBaseSepoliaAddress");
  });
});
