import { counted } from "../../src/text.ts";
import { action } from "../action.ts";
import { readAccounts } from "../secrets.ts";
import { openCoin, parseAddress, readCoin } from "./coin.ts";

type Result = {
  readonly network: string;
  readonly coin: string;
  readonly address: string;
  readonly coins: bigint;
  readonly inEth: bigint;
};

export default action<{ readonly address: string; readonly json: boolean }, Result>({
  async run({ address: text }, { hre, signal }) {
    const coin = await openCoin(hre, signal);
    const address =
      text === "" ? ((await readAccounts(hre, coin.network.name))[0]?.address ?? "") : await parseAddress(text);
    const [coins, inEth] = await Promise.all([
      readCoin(coin, "getBalance", [address]),
      readCoin(coin, "getBalanceInEth", [address]),
    ]);
    return { network: coin.network.name, coin: coin.record.address, address, coins, inEth };
  },
  render: ({ address, coins, inEth, network }) =>
    `${address} holds ${counted(coins, "coin")} on ${network}, worth ${inEth.toString()} by the fixed rate`,
});
