import { MetacoinError } from "../errors.ts";
import { feeHistoryCall, type Market, readFeeHistory, readGasPrice } from "../gas/market.ts";
import type { ChainIdentity, Registry } from "../registry/store.ts";
import { type Block, readBlock } from "../rpc/chain.ts";
import { readHex, readQuantity } from "../rpc/quantity.ts";
import { type Call, type Rpc, valueOf } from "../rpc/rpc.ts";

/** What the target said of itself, in one round trip. */
export type Target = {
  readonly chainId: number;
  readonly genesisHash: string;
  readonly head: Block;
  /** Transactions of the deployer that are mined, and those that wait as well. */
  readonly nonce: { readonly latest: number; readonly pending: number };
  /** Wei of the deployer. */
  readonly balance: bigint;
  readonly market: Market;
  /** The code at each recorded address; `0x` where none stands. */
  readonly codeAt: ReadonlyMap<string, string>;
};

export async function readTarget(rpc: Rpc, deployer: string, recorded: readonly string[]): Promise<Target> {
  const calls: readonly Call[] = [
    { method: "eth_chainId", params: [] },
    { method: "eth_getBlockByNumber", params: ["0x0", false] },
    { method: "eth_getBlockByNumber", params: ["latest", false] },
    { method: "eth_getTransactionCount", params: [deployer, "latest"] },
    { method: "eth_getTransactionCount", params: [deployer, "pending"] },
    { method: "eth_getBalance", params: [deployer, "latest"] },
    feeHistoryCall,
    ...recorded.map((address) => ({ method: "eth_getCode", params: [address, "latest"] })),
  ];
  const answers = await rpc.send(calls);
  const value = (index: number) => valueOf(answers[index], calls[index]?.method ?? "");
  const history = answers[6];
  const market = history !== undefined && "result" in history ? readFeeHistory(history.result) : undefined;
  return {
    chainId: Number(readQuantity(value(0), "a chain id")),
    genesisHash: readBlock(value(1)).hash,
    head: readBlock(value(2)),
    nonce: { latest: Number(readQuantity(value(3), "a nonce")), pending: Number(readQuantity(value(4), "a nonce")) },
    balance: readQuantity(value(5), "a balance"),
    market: market ?? readGasPrice(await rpc.request("eth_gasPrice")),
    codeAt: new Map(recorded.map((address, index) => [address, readHex(value(7 + index), "code")])),
  };
}

/**
 * Refuses an endpoint of another chain than the configuration states, and records of another chain than the endpoint's.
 *
 * @throws {WrongChainError} before anything is signed.
 * @throws {OtherChainRecordedError}
 */
export async function checkIdentity(
  target: Target,
  network: { readonly name: string; readonly chainId: number },
  registry: Registry | undefined,
): Promise<void> {
  if (target.chainId !== network.chainId) throw new WrongChainError(network, target.chainId);
  const recorded = await registry?.readChain();
  if (registry === undefined || recorded === undefined) return;
  if (recorded.genesisHash !== target.genesisHash || recorded.chainId !== target.chainId) {
    throw new OtherChainRecordedError(network.name, registry.folder, recorded, target);
  }
}

/** The URL belongs to another network. */
export class WrongChainError extends MetacoinError {
  override readonly code = "WRONG_CHAIN";

  constructor({ name, chainId }: { readonly name: string; readonly chainId: number }, found: number) {
    super(
      `The endpoint of ${name} is on chain ${String(found)}; ${name} is chain ${String(chainId)}. Nothing was signed`,
      {
        hint: `Put an endpoint of ${name} into .env: npx hardhat doctor --network ${name}`,
      },
    );
  }
}

/** Two chains stand behind one network name. */
class OtherChainRecordedError extends MetacoinError {
  override readonly code = "OTHER_CHAIN_RECORDED";

  constructor(network: string, folder: string, recorded: ChainIdentity, found: ChainIdentity) {
    super(
      `The records of ${network} belong to a chain with genesis ${recorded.genesisHash}; the endpoint's chain has ${found.genesisHash}`,
      { hint: `A development chain that was started anew? Move its old records away: mv ${folder} ${folder}.old` },
    );
  }
}
