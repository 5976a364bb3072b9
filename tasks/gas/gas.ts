import { UsageError } from "../../src/errors.ts";
import { chooseFees, type Fees, type Market, readMarket, SPEEDS, type Speed } from "../../src/gas/market.ts";
import { systemClock } from "../../src/rpc/backoff.ts";
import { readQuantity } from "../../src/rpc/quantity.ts";
import { action, type ActionContext } from "../action.ts";
import { connect, type Connection } from "../pipeline.ts";
import { checkChain, type Pending, readPending } from "./read.ts";
import { renderGas, summarizeGas } from "./render-gas.ts";

type Args = { readonly fee: string; readonly watch: boolean; readonly json: boolean };

/** The market, what each speed would offer, and what the pending deployment costs. */
export type GasReport = {
  readonly network: string;
  readonly chainId: number;
  readonly block: number;
  readonly market: Market;
  readonly fees: Readonly<Record<Speed, Fees>>;
  readonly speed: Speed;
  readonly pending: Pending;
  /** True where the plan's cost includes what the chain takes for its data on the layer below. */
  readonly hasL1Fee: boolean;
};

/** Looks for a new block this often; a market does not move between blocks. */
const lookMs = 2_000;

export default action<Args, GasReport>({
  async run({ fee, watch }, context) {
    const speed = SPEEDS.find((known) => known === fee);
    if (speed === undefined) throw new UsageError(`--fee ${fee}: there are ${SPEEDS.join(", ")}`);
    const connection = await connect(context.hre, { signal: context.signal });
    try {
      await checkChain(connection);
      const report = await readReport(connection, speed, context);
      return watch ? await watchReports(report, connection, context) : report;
    } finally {
      await connection.close();
    }
  },
  render: renderGas,
});

async function readReport(connection: Connection, speed: Speed, { hre, signal }: ActionContext): Promise<GasReport> {
  const { rpc, network } = connection;
  const [block, market] = await Promise.all([readBlockNumber(connection), readMarket(rpc.request)]);
  const fees = {
    slow: chooseFees(market, "slow"),
    standard: chooseFees(market, "standard"),
    fast: chooseFees(market, "fast"),
  };
  const pending = await readPending(hre, connection, speed, signal);
  const hasL1Fee = hre.config.networks[network.name]?.chainType === "op";
  return { network: network.name, chainId: network.chainId, block, market, fees, speed, pending, hasL1Fee };
}

/** A new report with every block: drawn anew in a terminal, a line each elsewhere. Ctrl-C leaves the last as the result. */
async function watchReports(first: GasReport, connection: Connection, context: ActionContext): Promise<GasReport> {
  const { progress, signal } = context;
  let report = first;
  show(report);
  for (;;) {
    try {
      await systemClock.sleep(lookMs, signal);
      if ((await readBlockNumber(connection)) === report.block) continue;
      report = await readReport(connection, report.speed, context);
    } catch (error) {
      if (signal.aborted) return report;
      throw error;
    }
    show(report);
  }

  function show(latest: GasReport): void {
    if (process.stderr.isTTY) progress.live(renderGas(latest));
    else progress.line(summarizeGas(latest));
  }
}

async function readBlockNumber({ rpc }: Connection): Promise<number> {
  return Number(readQuantity(await rpc.request("eth_blockNumber"), "a block number"));
}
