import { compareRecords, type Status } from "../../src/registry/status.ts";
import { MetacoinError, UsageError } from "../../src/errors.ts";
import { action } from "../action.ts";
import { build } from "../builds.ts";
import { connect } from "../pipeline.ts";
import { buildOfRecord, encodeRecordedArgs } from "../records.ts";
import { renderTable } from "../table.ts";

type Result = { readonly network: string; readonly contracts: readonly Status[] };

export default action<{ readonly json: boolean }, Result>({
  async run(_, { hre, signal }) {
    await build(hre, signal);
    const { network, rpc, registry } = await connect(hre, { signal });
    if (registry === undefined) {
      throw new UsageError("The chain in this process keeps no records", {
        hint: "npx hardhat deployments status --network sepolia",
      });
    }
    const records = await registry.readAll();
    if (records.size === 0) {
      throw new NothingDeployedError(`Nothing is recorded for ${network.name}`, {
        hint: `npx hardhat deploy --network ${network.name}`,
      });
    }
    const contracts = await compareRecords({
      rpc,
      records,
      chain: await registry.readChain(),
      buildOf: (record) => buildOfRecord(hre, record),
      encodeArgs: encodeRecordedArgs,
    });
    return { network: network.name, contracts };
  },
  render: renderStatus,
  exitCode: ({ contracts }) => (contracts.every(({ verdict }) => verdict === "current") ? 0 : 1),
});

export function renderStatus({ contracts, network }: Result): string {
  const rows = contracts.map(({ name, address, verdict, detail = "" }) => [name, address, verdict, detail]);
  const drifted = contracts.filter(({ verdict }) => verdict !== "current").length;
  const summary =
    drifted === 0
      ? `${network}: all ${String(contracts.length)} records are current`
      : `${network}: ${String(drifted)} of ${String(contracts.length)} records are not current. To bring it up to date: npx hardhat deploy --network ${network}`;
  return [renderTable(rows), "", summary].join("\n");
}

/** A network without records. */
class NothingDeployedError extends MetacoinError {
  override readonly code = "NOTHING_DEPLOYED";
}
