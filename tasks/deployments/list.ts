import { withoutMetadata } from "../../src/registry/code.ts";
import { action } from "../action.ts";
import { build } from "../builds.ts";
import { buildOfRecord, deployCommand, registriesOf } from "../records.ts";
import { renderTable } from "../table.ts";

type Row = {
  readonly network: string;
  readonly name: string;
  readonly address: string;
  readonly blockNumber: number;
  /** ISO 8601. */
  readonly deployedAt: string;
  /** The explorers that have the source. */
  readonly verified: readonly string[];
  /** False where the sources compile to other code now. */
  readonly upToDate: boolean;
  /** True where the next run deploys it anew. */
  readonly forgotten: boolean;
};

type Result = { readonly rows: readonly Row[]; readonly deployCommand: string };

export default action<{ readonly json: boolean }, Result>({
  async run(_, { hre, signal }) {
    await build(hre, signal);
    const rows: Row[] = [];
    for (const [network, registry] of await registriesOf(hre)) {
      for (const [name, record] of await registry.readAll()) {
        const { blockNumber, deployedAt, verified } = record.metacoin;
        const current = await buildOfRecord(hre, record);
        const upToDate =
          current !== undefined && withoutMetadata(current.bytecode) === withoutMetadata(record.bytecode);
        rows.push({
          network,
          name,
          address: record.address,
          blockNumber,
          deployedAt,
          verified: verified.map(({ explorer }) => explorer),
          upToDate,
          forgotten: record.metacoin.forgotten === true,
        });
      }
    }
    return { rows, deployCommand: deployCommand(hre) };
  },
  render: renderList,
  document: ({ rows }) => rows,
});

function renderList({ rows, deployCommand: next }: Result): string {
  if (rows.length === 0) return `Nothing is deployed yet: ${next}`;
  const header = ["network", "name", "address", "block", "date", "verified", "up to date"];
  const cells = rows.map(({ network, name, address, blockNumber, deployedAt, verified, upToDate, forgotten }) => [
    network,
    name,
    address,
    String(blockNumber),
    deployedAt.slice(0, 10),
    verified.length === 0 ? "no" : verified.join(", "),
    forgotten ? "forgotten" : upToDate ? "yes" : "no",
  ]);
  return renderTable([header, ...cells], { right: [3] });
}
