import type { DeploymentRecord } from "../../src/registry/record.ts";
import { action } from "../action.ts";
import { findRecord, registriesOf } from "../records.ts";
import { renderTable } from "../table.ts";

type Entry = {
  readonly network: string;
  readonly address: string;
  readonly blockNumber: number;
  readonly deployedAt: string;
  readonly transactionHash: string;
  /** Undefined for the one that is in use. */
  readonly superseded: boolean;
};

export default action<{ readonly contract: string; readonly json: boolean }, readonly Entry[]>({
  async run({ contract }, { hre }) {
    const registries = [...(await registriesOf(hre))];
    const all = await Promise.all(
      registries.map(async ([network, registry]) => ({ network, records: await registry.readAll() })),
    );
    const holders = all.filter(({ records }) => records.has(contract));
    // One look-up that fails tells which names there are.
    const [first] = all;
    if (holders.length === 0) findRecord(first?.records ?? new Map(), contract, first?.network ?? "this project");
    return holders.flatMap(({ network, records }) => {
      const record = findRecord(records, contract, network);
      return [
        toEntry(network, record, record.metacoin.forgotten === true),
        ...(record.history ?? []).map((former) => toEntry(network, former, true)),
      ];
    });
  },
  render(entries) {
    const header = ["network", "address", "block", "date", "transaction", ""];
    const rows = entries.map(({ network, address, blockNumber, deployedAt, transactionHash, superseded }) => [
      network,
      address,
      String(blockNumber),
      deployedAt,
      transactionHash,
      superseded ? "" : "in use",
    ]);
    return renderTable([header, ...rows], { right: [2] });
  },
});

function toEntry(
  network: string,
  { address, transactionHash, metacoin }: DeploymentRecord,
  superseded: boolean,
): Entry {
  const { blockNumber, deployedAt } = metacoin;
  return { network, address, blockNumber, deployedAt, transactionHash, superseded };
}
