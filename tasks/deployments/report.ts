import { join, resolve } from "node:path";

import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";

import { MetacoinError } from "../../src/errors.ts";
import { writeFileAtomically } from "../../src/files.ts";
import { page } from "../../src/page.ts";
import { type ChainFacts, readChainFacts } from "../../src/registry/report/chain.ts";
import { renderReport, type ReportedNetwork } from "../../src/registry/report/report.ts";
import { type ReportedRun, readRuns } from "../../src/registry/report/runs.ts";
import { reportStyle } from "../../src/registry/report/style.ts";
import type { Registry } from "../../src/registry/store.ts";
import { createRpc } from "../../src/rpc/rpc.ts";
import { action } from "../action.ts";
import { openInBrowser } from "../browser.ts";
import { deployCommand, registriesOf } from "../records.ts";
import { readEndpoints } from "../secrets.ts";

type Arguments = { readonly out: string; readonly open: boolean; readonly json: boolean };
type Result = { readonly file: string; readonly networks: readonly string[] };

export default action<Arguments, Result>({
  async run({ out, open }, { hre, progress, signal }) {
    const networks: ReportedNetwork[] = [];
    for (const [name, registry] of await registriesOf(hre)) {
      const network = await readNetwork(hre, name, registry, signal);
      if (network.records.size + network.runs.length === 0) continue;
      if (network.chain === undefined && network.runs.length > 0)
        progress.line(`No endpoint of ${name} answered: the report has no base fee`);
      networks.push(network);
    }
    if (networks.length === 0) {
      throw new NothingToReportError("Nothing is deployed that could be reported", {
        hint: deployCommand(hre),
      });
    }
    const names = networks.map(({ name }) => name);
    const file = resolve(out === "" ? join(hre.config.paths.cache, "deployments.html") : out);
    const title = `Deployments on ${names.join(", ")}`;
    await writeFileAtomically(file, page({ title, style: reportStyle, body: renderReport(networks) }));
    if (open) openInBrowser(file);
    return { file, networks: names };
  },
  render: ({ file }) => file,
});

async function readNetwork(
  hre: HardhatRuntimeEnvironment,
  name: string,
  registry: Registry,
  signal: AbortSignal,
): Promise<ReportedNetwork> {
  const [records, identity, runs] = await Promise.all([
    registry.readAll(),
    registry.readChain(),
    readRuns(registry.folder),
  ]);
  const chainId = identity?.chainId ?? hre.config.networks[name]?.chainId;
  const chain = runs.length === 0 ? undefined : await askChain(hre, name, runs, signal);
  return { name, chainId, explorerUrl: explorerOf(hre, chainId), records, runs, chain };
}

/** How long a report waits for an endpoint that it can do without. */
const patienceMs = 10_000;

/** What the chain says of the runs; undefined where no endpoint is configured or none answers. */
async function askChain(
  hre: HardhatRuntimeEnvironment,
  name: string,
  runs: readonly ReportedRun[],
  signal: AbortSignal,
): Promise<ChainFacts | undefined> {
  const patience = AbortSignal.any([signal, AbortSignal.timeout(patienceMs)]);
  try {
    const urls = await readEndpoints(hre, name);
    return urls.length === 0
      ? undefined
      : await readChainFacts(createRpc({ urls, attempts: 3, signal: patience }), runs);
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof MetacoinError || patience.aborted) return undefined;
    throw error;
  }
}

function explorerOf(hre: HardhatRuntimeEnvironment, chainId: number | undefined): string | undefined {
  if (chainId === undefined) return undefined;
  const explorers = hre.config.chainDescriptors.get(BigInt(chainId))?.blockExplorers;
  return (explorers?.etherscan ?? explorers?.blockscout)?.url?.replace(/\/$/u, "");
}

/** No network has a record or a run. */
class NothingToReportError extends MetacoinError {
  override readonly code = "NOTHING_TO_REPORT";
}
