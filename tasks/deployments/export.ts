import { resolve } from "node:path";

import { MetacoinError, UsageError } from "../../src/errors.ts";
import { writeFileAtomically } from "../../src/files.ts";
import { type ExportedNetwork, exportFormats, exportNetworks } from "../../src/registry/export.ts";
import { counted } from "../../src/text.ts";
import { action } from "../action.ts";
import { deployCommand, registriesOf } from "../records.ts";

type Result = { readonly text: string; readonly file: string | undefined; readonly contracts: number };

export default action<{ readonly format: string; readonly out: string }, Result>({
  async run({ format: asked, out }, { hre }) {
    const format = exportFormats.find((candidate) => candidate === asked);
    if (format === undefined) throw new UsageError(`--format ${asked} is not one of ${exportFormats.join(", ")}`);
    const networks: ExportedNetwork[] = [];
    for (const [name, registry] of await registriesOf(hre)) {
      const [records, chain] = await Promise.all([registry.readAll(), registry.readChain()]);
      const contracts = [...records]
        .filter(([, { metacoin }]) => metacoin.forgotten !== true)
        .map(([contract, { address, abi }]) => ({ name: contract, address, abi }));
      if (contracts.length > 0) networks.push({ name, chainId: chain?.chainId ?? 0, contracts });
    }
    const contracts = networks.reduce((sum, network) => sum + network.contracts.length, 0);
    if (contracts === 0)
      throw new NothingToExportError("Nothing is deployed that could be exported", {
        hint: deployCommand(hre),
      });
    const text = exportNetworks(networks, format);
    if (out !== "") await writeFileAtomically(resolve(out), text);
    return { text, file: out === "" ? undefined : out, contracts };
  },
  render: ({ text, file, contracts }) =>
    file === undefined ? text.trimEnd() : `Wrote ${counted(contracts, "contract")} to ${file}`,
});

/** No network has a record. */
class NothingToExportError extends MetacoinError {
  override readonly code = "NOTHING_TO_EXPORT";
}
