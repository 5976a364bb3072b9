import { transact } from "../../src/deploy/transact.ts";
import { toEther } from "../../src/gas/ether.ts";
import { MetacoinError, UsageError } from "../../src/errors.ts";
import { systemClock } from "../../src/rpc/backoff.ts";
import { counted } from "../../src/text.ts";
import { action } from "../action.ts";
import { parseGwei } from "../gwei.ts";
import { chargesOf, readSigning } from "../pipeline.ts";
import { openCoin, parseAddress, readCoin } from "./coin.ts";

type Arguments = {
  readonly to: string;
  readonly amount: string;
  readonly maxFee: string;
  readonly signer: string;
  readonly json: boolean;
};

type Result = {
  readonly network: string;
  readonly from: string;
  readonly to: string;
  readonly amount: bigint;
  readonly transactionHash: string;
  readonly blockNumber: number;
  readonly gasUsed: bigint;
  /** Wei. */
  readonly feePaid: bigint;
};

export default action<Arguments, Result>({
  async run(args, { hre, progress, signal }) {
    const [to, amount, maxFee] = [await parseAddress(args.to), parseAmount(args.amount), parseGwei(args.maxFee)];
    const coin = await openCoin(hre, signal);
    const { network, rpc, registry, record, abi } = coin;
    const signing = await readSigning(hre, coin, args.signer);
    const from = signing.accounts[0] ?? "";
    const data = abi.encodeFunctionData("sendCoin", [to, amount]);
    // Too few coins: sendCoin answers false and changes nothing, so a transaction would only cost gas.
    const output = await rpc.request("eth_call", [{ from, to: record.address, data }, "latest"]);
    if (abi.decodeFunctionResult("sendCoin", String(output))[0] !== true) {
      throw new TooFewCoinsError(from, await readCoin(coin, "getBalance", [from]), amount, network.name);
    }
    const { receipt, feePaid } = await transact(
      {
        ...signing,
        ...chargesOf(hre, coin),
        network,
        rpc,
        registry,
        maxFee,
        speed: "standard",
        confirmations: 1,
        solcInputOf: () => Promise.resolve(undefined),
        clock: systemClock,
        signal,
        onWait: (pid) => progress.line(`Process ${pid} is sending to ${network.name}; this comes next`),
        onEvent(event) {
          if (event.type === "sent") progress.line(`Sent ${event.hash}`);
          if (event.type === "replaced") progress.line(`Stuck: replaced by ${event.hash}`);
        },
      },
      { name: "MetaCoin", record, functionName: "sendCoin", args: [to, amount.toString()], data },
    );
    const { transactionHash, blockNumber, gasUsed } = receipt;
    return { network: network.name, from, to, amount, transactionHash, blockNumber, gasUsed, feePaid };
  },
  render: ({ amount, to, blockNumber, transactionHash, gasUsed, feePaid }) =>
    [
      `Sent ${counted(amount, "coin")} to ${to} in block ${String(blockNumber)}`,
      `  transaction  ${transactionHash}`,
      `  paid         ${toEther(feePaid)} ETH for ${gasUsed.toLocaleString("en")} gas`,
    ].join("\n"),
});

function parseAmount(text: string): bigint {
  if (!/^\d{1,78}$/u.test(text))
    throw new UsageError(`"${text}" is no number of coins`, {
      hint: "A whole number: npx hardhat coin send 0x… 10 --network sepolia",
    });
  return BigInt(text);
}

/** The balance does not suffice; nothing was sent. */
class TooFewCoinsError extends MetacoinError {
  override readonly code = "TOO_FEW_COINS";

  constructor(from: string, coins: bigint, amount: bigint, network: string) {
    super(
      `${from} holds ${counted(coins, "coin")} on ${network}; ${amount.toString()} were to be sent. Nothing was sent, and it cost nothing`,
      {
        hint: `npx hardhat coin balance --network ${network}`,
      },
    );
  }
}
