import { UsageError } from "../../src/errors.ts";
import { forget } from "../../src/registry/record.ts";
import { action } from "../action.ts";
import { confirm } from "../confirm.ts";
import { findRecord, registriesOf } from "../records.ts";

type Arguments = { readonly contract: string; readonly yes: boolean; readonly json: boolean };
type Result = { readonly network: string; readonly name: string; readonly address: string };

export default action<Arguments, Result>({
  async run({ contract, yes }, { hre, signal }) {
    const network = hre.globalOptions.network;
    const registry = network === undefined ? undefined : (await registriesOf(hre)).get(network);
    if (network === undefined || registry === undefined) {
      throw new UsageError("Which network should forget it?", {
        hint: `npx hardhat deployments forget ${contract} --network sepolia`,
      });
    }
    const record = findRecord(await registry.readAll(), contract, network);
    await confirm(`Forget ${contract} at ${record.address} on ${network}? The contract stays where it is. [y/N] `, {
      yes,
      signal,
      command: `npx hardhat deployments forget ${contract} --network ${network} --yes`,
    });
    await registry.write(contract, forget(record));
    return { network, name: contract, address: record.address };
  },
  render: ({ network, name, address }) =>
    [
      `${name} at ${address} is history on ${network}; the next run deploys it anew`,
      `  npx hardhat deploy --network ${network}`,
    ].join("\n"),
});
