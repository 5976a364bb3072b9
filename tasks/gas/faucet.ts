import { MetacoinError, UsageError } from "../../src/errors.ts";
import { setBalance } from "../../src/faucet/development.ts";
import { type Faucet, FAUCETS_AS_OF, faucetsOf } from "../../src/faucet/faucets.ts";
import { assessFunding, type Funding, waitForFunding } from "../../src/faucet/funding.ts";
import { paymentLink, roundUp } from "../../src/faucet/payment.ts";
import { systemClock } from "../../src/rpc/backoff.ts";
import { readQuantity } from "../../src/rpc/quantity.ts";
import { action, type ActionContext } from "../action.ts";
import { toEther } from "../../src/gas/ether.ts";
import { connect, type Connection } from "../pipeline.ts";
import { readAccounts } from "../secrets.ts";
import { checkChain, type Pending, readPending } from "./read.ts";
import { renderFaucet } from "./render-faucet.ts";

type Args = {
  readonly wait: boolean;
  readonly timeout: number;
  readonly fund: boolean;
  readonly json: boolean;
};

export type FaucetReport = Funding & {
  readonly network: string;
  readonly chainId: number;
  readonly address: string;
  /** Why the need is not known; the balance is, all the same. */
  readonly problem?: string;
  /** Transactions that wait to be paid. */
  readonly steps: number;
  readonly faucets: readonly Faucet[];
  readonly faucetsAsOf: string;
  /** Opens a wallet with the payment filled in, where one is due. */
  readonly paymentLink?: string;
};

const lookMs = 3_000;
const tenEther = 10n ** 19n;

export default action<Args, FaucetReport>({
  async run({ wait, timeout, fund }, context) {
    if (timeout < 0 || (timeout > 0 && !wait)) throw new UsageError("--timeout takes seconds, together with --wait");
    const connection = await connect(context.hre, { signal: context.signal });
    try {
      await checkChain(connection);
      const address = await readDeployer(connection, context);
      const pending = await readPending(context.hre, connection, "standard", context.signal);
      const look = async () => assessFunding(await readBalance(connection, address), neededFor(pending));
      if (fund) await setBalance(connection.rpc, address, enough(await look()));
      const report = toReport(await look(), { connection, address, pending });
      if (!wait || report.funded) return report;
      context.progress.line(renderFaucet(report));
      const funding = await waitForFunding(look, {
        clock: systemClock,
        timeoutMs: timeout === 0 ? undefined : timeout * 1_000,
        intervalMs: lookMs,
        signal: context.signal,
        onLook: ({ balance }) => context.progress.live(`Waiting: ${address} has ${toEther(balance)} ETH`),
      });
      return toReport(funding, { connection, address, pending });
    } finally {
      await connection.close();
    }
  },
  render: renderFaucet,
  exitCode: ({ funded }) => (funded ? 0 : 1),
});

async function readDeployer({ network }: Connection, { hre }: ActionContext): Promise<string> {
  const [deployer] = await readAccounts(hre, network.name);
  if (deployer === undefined) throw new MetacoinError(`There is no account on ${network.name}`);
  return deployer.address;
}

async function readBalance({ rpc }: Connection, address: string): Promise<bigint> {
  return readQuantity(await rpc.request("eth_getBalance", [address, "latest"]), "a balance");
}

function neededFor(pending: Pending): bigint | undefined {
  if (pending.kind === "unknown") return undefined;
  return pending.kind === "plan" ? pending.quote.worst : 0n;
}

/** Never less than there is: other tests on the same node may count on it. */
function enough({ balance, needed = 0n }: Funding): bigint {
  return [balance, 2n * needed, tenEther].reduce((most, wei) => (wei > most ? wei : most));
}

function toReport(
  funding: Funding,
  { connection, address, pending }: { connection: Connection; address: string; pending: Pending },
): FaucetReport {
  const { name, chainId } = connection.network;
  const due = funding.shortfall === 0n ? undefined : roundUp(funding.shortfall);
  return {
    ...funding,
    network: name,
    chainId,
    address,
    steps: pending.kind === "plan" ? pending.quote.steps.length : 0,
    faucets: faucetsOf(chainId),
    faucetsAsOf: FAUCETS_AS_OF,
    ...(pending.kind === "unknown" ? { problem: pending.reason } : {}),
    ...(funding.funded ? {} : { paymentLink: paymentLink(address, chainId, due) }),
  };
}
