import { expect } from "chai";
import { network } from "hardhat";

import { GAS_PRICE_ORACLE, readL1Fee } from "../../../src/gas/l1Fee.ts";
import { RpcAnswerError } from "../../../src/rpc/rpc.ts";

const L1_BLOCK = "0x4200000000000000000000000000000000000015";
const word = (value: bigint) => `0x${value.toString(16).padStart(64, "0")}`;

/** Hardhat's own OP chain, with the real oracle; an L1 base fee of 20 gwei, blobs at 1 wei, the scalars of OP Mainnet. */
async function createOpChain() {
  const { provider } = await network.create({
    network: "default",
    chainType: "op",
    override: { hardfork: "isthmus" },
  });
  const store = (slot: string, value: bigint) =>
    provider.request({ method: "hardhat_setStorageAt", params: [L1_BLOCK, slot, word(value)] });
  await store("0x1", 20_000_000_000n);
  await store("0x7", 1n);
  await store("0x3", (5_227n << 96n) | (1_014_213n << 64n));
  return provider;
}

describe("gas/l1Fee", () => {
  it("asks the oracle of an OP-stack chain, and allows for its price to double", async () => {
    const provider = await createOpChain();
    const request = (method: string, params: readonly unknown[]) => provider.request({ method, params: [...params] });
    // Bytes that hardly compress: Fjord's fee follows the compressed size.
    const bytes = Buffer.from(Array.from({ length: 400 }, (_, index) => (index * 167 + (index >> 3) * 31) % 251));
    const { expected, worst } = await readL1Fee(request, `0x${bytes.toString("hex")}`);
    expect(expected > 0n).to.equal(true);
    expect(worst >= 2n * expected).to.equal(true);
    const longer = await readL1Fee(request, `0x${Buffer.concat([bytes, bytes.toReversed()]).toString("hex")}`);
    expect(longer.worst > worst).to.equal(true);
    await provider.close();
  });

  it("does without the upper bound on a chain before Fjord", async () => {
    const calls: unknown[] = [];
    const fee = await readL1Fee(async (method, params) => {
      calls.push([method, ...params]);
      if (JSON.stringify(params).includes("0xf1c7a58b"))
        throw new RpcAnswerError("eth_call", { code: 3, message: "execution reverted" });
      return word(1_000n);
    }, "0x02aabb");
    expect(fee).to.deep.equal({ expected: 1_000n, worst: 2_000n });
    const data = ["0x49948e0e", "20".padStart(64, "0"), "3".padStart(64, "0"), "02aabb".padEnd(64, "0")].join("");
    expect(calls).to.deep.include(["eth_call", { to: GAS_PRICE_ORACLE, data }, "latest"]);
  });

  it("passes a fault of the endpoint on", async () => {
    let thrown: unknown;
    await readL1Fee(() => Promise.reject(new Error("timeout")), "0x00").catch((error: unknown) => (thrown = error));
    expect(thrown).to.be.an.instanceOf(Error).with.property("message", "timeout");
  });
});
