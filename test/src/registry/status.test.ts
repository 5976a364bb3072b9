import { expect } from "chai";

import type { DeploymentRecord } from "../../../src/registry/record.ts";
import { compareRecords, type CurrentBuild } from "../../../src/registry/status.ts";
import type { Call, Rpc } from "../../../src/rpc/rpc.ts";
import { makeReportedNetwork } from "../../helpers/deployments/reported.ts";

const genesis = `0x${"9".repeat(64)}`;
const library = `0x${"3".repeat(40)}`;
/** A blank of an immutable, and what the constructor put there. */
const [template, standing] = [`0x7f${"00".repeat(32)}5050`, `0x7f${"ab".repeat(32)}5050`];

const record: DeploymentRecord = {
  ...(makeReportedNetwork().records.get("MetaCoin") as DeploymentRecord),
  bytecode: "0x60016002",
  deployedBytecode: template,
  libraries: { ConvertLib: library },
};

type Chain = { readonly code?: string; readonly input?: string | null };

/** A chain that holds one contract. */
function serve({ code = standing, input = `${record.bytecode}07` }: Chain): Rpc {
  const block = { number: "0x0", hash: genesis, parentHash: genesis, timestamp: "0x0" };
  const answer = ({ method }: Call) =>
    method === "eth_getCode" ? code : method === "eth_getBlockByNumber" ? block : input === null ? null : { input };
  return {
    request: () => Promise.reject(new Error("one round trip is enough")),
    send: (calls) => Promise.resolve(calls.map((call) => ({ result: answer(call) }))),
    httpCalls: () => 0,
  };
}

async function compare(chain: Chain, build: CurrentBuild = record, others: readonly [string, DeploymentRecord][] = []) {
  const [status] = await compareRecords({
    rpc: serve(chain),
    records: new Map([["MetaCoin", record], ...others]),
    chain: { chainId: 1, genesisHash: genesis },
    buildOf: () => Promise.resolve(build),
    encodeArgs: () => Promise.resolve("07"),
  });
  return `${status?.verdict ?? ""}: ${status?.detail ?? ""}`;
}

describe("compareRecords", () => {
  it("calls a contract current whose immutables are filled, and whose transaction may be pruned", async () => {
    expect(await compare({})).to.equal("current: ");
    expect(await compare({ input: null })).to.equal("current: ");
  });

  it("sees other constructor arguments", async () => {
    expect(await compare({ input: `${record.bytecode}08` })).to.match(/^different code: .* arguments/u);
  });

  it("sees other code, and none", async () => {
    expect(await compare({ code: standing.replace("5050", "5051") })).to.match(/^different code/u);
    expect(await compare({ code: "0x" })).to.match(/^missing on chain/u);
  });

  it("sees a source that has changed, and one that is gone", async () => {
    expect(await compare({}, { bytecode: "0x60016003" })).to.equal(
      "changed in source: the sources compile to other code",
    );
    const [gone] = await compareRecords({
      rpc: serve({}),
      records: new Map([["MetaCoin", record]]),
      chain: undefined,
      buildOf: () => Promise.resolve(undefined),
      encodeArgs: () => Promise.resolve("07"),
    });
    expect(gone?.detail).to.equal("contracts/MetaCoin.sol has no MetaCoin any more");
  });

  it("sees a library that was deployed anew", async () => {
    const renewed = { ...record, address: `0x${"4".repeat(40)}`, libraries: {} };
    expect(await compare({}, record, [["ConvertLib", renewed]])).to.contain(`now that is ${renewed.address}`);
    expect(await compare({}, record, [["ConvertLib", { ...renewed, address: library }]])).to.equal("current: ");
  });
});
