import { WrongChainError } from "../../src/deploy/target.ts";
import { UsageError } from "../../src/errors.ts";
import { readQuantity } from "../../src/rpc/quantity.ts";
import { valueOf } from "../../src/rpc/rpc.ts";
import { action } from "../action.ts";
import { toShortEther } from "../../src/gas/ether.ts";
import { connect, type Connection } from "../pipeline.ts";
import { networkOf, readAccounts } from "../secrets.ts";
import { indent, renderTable } from "../table.ts";

type Args = { readonly count: number; readonly json: boolean };

type Account = {
  readonly index: number;
  readonly address: string;
  readonly path: string | undefined;
  /** Wei. */
  readonly balance: bigint;
  readonly nonce: number;
};

type Result = { readonly network: string; readonly chainId: number; readonly accounts: readonly Account[] };

export default action<Args, Result>({
  async run({ count }, { hre, signal }) {
    if (count < 1 || count > 100) throw new UsageError(`--count ${String(count)}: 1 to 100 accounts can be shown`);
    const network = networkOf(hre);
    const derived = await readAccounts(hre, network, { count });
    const connection = await connect(hre, { signal });
    try {
      const holdings = await readHoldings(
        connection,
        derived.map(({ address }) => address),
      );
      // The keys stay here: what is returned is printed.
      const accounts = derived.map(({ index, address, path }, row) => ({
        index,
        address,
        path,
        ...(holdings[row] ?? { balance: 0n, nonce: 0 }),
      }));
      return { network, chainId: connection.network.chainId, accounts };
    } finally {
      await connection.close();
    }
  },
  render: ({ network, chainId, accounts }) =>
    [
      `Accounts on ${network} (chain ${String(chainId)})`,
      "",
      indent(
        renderTable(
          [
            ["#", "address", "balance ETH", "nonce", "path"],
            ...accounts.map(({ index, address, balance, nonce, path = "PRIVATE_KEY" }) => [
              String(index),
              address,
              toShortEther(balance),
              String(nonce),
              path,
            ]),
          ],
          { right: [0, 2, 3] },
        ),
      ),
    ].join("\n"),
});

/** All in one round trip. @throws {WrongChainError} where the endpoint is on another chain: its balances would mislead. */
async function readHoldings({ rpc, network }: Connection, addresses: readonly string[]) {
  const ask = (method: string) => addresses.map((address) => ({ method, params: [address, "latest"] }));
  const calls = [{ method: "eth_chainId", params: [] }, ...ask("eth_getBalance"), ...ask("eth_getTransactionCount")];
  const answers = await rpc.send(calls);
  const [chainId = 0n, ...values] = calls.map(({ method }, row) => readQuantity(valueOf(answers[row], method), method));
  if (Number(chainId) !== network.chainId) throw new WrongChainError(network, Number(chainId));
  return addresses.map((_, row) => ({
    balance: values[row] ?? 0n,
    nonce: Number(values[addresses.length + row] ?? 0n),
  }));
}
