import { UsageError } from "../../src/errors.ts";
import type { Verification } from "../../src/registry/verify.ts";
import { action } from "../action.ts";
import { build } from "../builds.ts";
import { connect } from "../pipeline.ts";
import { findRecord } from "../records.ts";
import { renderVerifications } from "../verifications.ts";
import { verifyRecords } from "../verify.ts";

type Arguments = { readonly contracts: readonly string[]; readonly explorers: string; readonly json: boolean };

export default action<Arguments, readonly Verification[]>({
  async run({ contracts, explorers }, context) {
    await build(context.hre, context.signal);
    const connection = await connect(context.hre, { signal: context.signal });
    const { registry, network } = connection;
    if (registry === undefined) {
      throw new UsageError("The chain in this process keeps no records", {
        hint: "npx hardhat deployments verify --network sepolia",
      });
    }
    const all = await registry.readAll();
    const names = contracts.length === 0 ? [...all.keys()] : contracts;
    const records = new Map(names.map((name) => [name, findRecord(all, name, network.name)]));
    return verifyRecords(context, { connection, records, explorers });
  },
  render: renderVerifications,
  exitCode: (results) => (results.every(({ status }) => status !== "failed") ? 0 : 1),
});
