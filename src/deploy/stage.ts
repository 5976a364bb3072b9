import { MetacoinError } from "../errors.ts";
import type { DeploymentRecord } from "../registry/record.ts";
import { readReceipt, type Receipt } from "../rpc/chain.ts";
import { readHex, readQuantity, toQuantity } from "../rpc/quantity.ts";
import { type Artifact, maxTransactionGas } from "./artifact.ts";
import { explainRevert } from "./revert.ts";

/** The chain in this process that a rehearsal runs on. */
type RehearsalChain = {
  readonly request: (method: string, params: readonly unknown[]) => Promise<unknown>;
  readonly close: () => Promise<void>;
};

export type StageSetting = {
  /** Opens the stand-in for the target: empty, or a fork of it. */
  readonly openChain: (options: { readonly fork: boolean }) => Promise<RehearsalChain>;
  /** The next free nonce of an account on the target, transactions that wait there included. */
  readonly nonceOf: (address: string) => Promise<number>;
  readonly records: ReadonlyMap<string, DeploymentRecord>;
  /** The code that stands at a recorded address on the target; `0x` where none does. */
  readonly codeAt: ReadonlyMap<string, string>;
};

type StageTransaction = {
  readonly from: string;
  readonly to?: string;
  readonly data: string;
  /** Wei. */
  readonly value: bigint;
};

/** What one transaction took on the stand-in. */
type Executed = {
  readonly nonce: number;
  readonly gasUsed: bigint;
  readonly gasLimit: bigint;
  /** Of the contract that it created. */
  readonly address: string | undefined;
};

/** The stand-in for the target: opened when the first transaction or read needs it. */
export type Stage = {
  readonly isFork: boolean;
  readonly request: RehearsalChain["request"];
  /**
   * Executes a transaction.
   *
   * @param known the contracts whose errors it may revert with.
   * @throws {RehearsalRevertError} with the decoded reason.
   */
  readonly execute: (label: string, transaction: StageTransaction, known: readonly Artifact[]) => Promise<Executed>;
  /** Ends a rehearsal that touches state of the target, unless this is a fork of it. */
  readonly demandFork: (reason: string) => void;
  /** Why this stage does not do. */
  readonly needsFork: () => string | undefined;
  readonly close: () => Promise<void>;
};

export function createStage(setting: StageSetting, { fork }: { readonly fork: boolean }): Stage {
  const nonces = new Map<string, number>();
  let chain: Promise<RehearsalChain> | undefined;
  let forkReason: string | undefined;

  async function request(method: string, params: readonly unknown[]): Promise<unknown> {
    chain ??= openChain(setting, fork);
    return (await chain).request(method, params);
  }

  async function nextNonce(from: string): Promise<number> {
    const known = nonces.get(from);
    if (known !== undefined) return known;
    const nonce = await setting.nonceOf(from);
    if (nonce > 0) await request("hardhat_setNonce", [from, toQuantity(nonce)]);
    await request("hardhat_setBalance", [from, toQuantity(10n ** 30n)]);
    await request("hardhat_impersonateAccount", [from]);
    return nonce;
  }

  return {
    isFork: fork,
    request,
    async execute(label, transaction, known) {
      const nonce = await nextNonce(transaction.from);
      const { receipt, gasLimit } = await send(request, transaction).catch(async (cause: unknown) => {
        throw new RehearsalRevertError(label, await explainRevert(cause, known), cause);
      });
      if (receipt === undefined || !receipt.succeeded) throw new RehearsalRevertError(label, "no reason given");
      nonces.set(transaction.from, nonce + 1);
      return { nonce, gasUsed: receipt.gasUsed, gasLimit, address: receipt.contractAddress };
    },
    demandFork(reason) {
      if (fork) return;
      forkReason ??= reason;
      throw new ForkNeededError(reason);
    },
    needsFork: () => forkReason,
    async close() {
      await (await chain)?.close();
    },
  };
}

async function openChain({ openChain: open, records, codeAt }: StageSetting, fork: boolean): Promise<RehearsalChain> {
  const opened = await open({ fork });
  if (fork) return opened;
  // Libraries that stand already only need their code here; what has state needs a fork.
  for (const { address } of records.values()) {
    const code = codeAt.get(address) ?? "0x";
    if (code !== "0x") await opened.request("hardhat_setCode", [address, code]);
  }
  return opened;
}

async function send(
  request: RehearsalChain["request"],
  transaction: StageTransaction,
): Promise<{ readonly receipt: Receipt | undefined; readonly gasLimit: bigint }> {
  const call = { ...transaction, value: toQuantity(transaction.value), gas: toQuantity(maxTransactionGas) };
  const estimate = readQuantity(await request("eth_estimateGas", [call]), "an estimate");
  const free = { ...call, maxFeePerGas: "0x0", maxPriorityFeePerGas: "0x0" };
  const hash = readHex(await request("eth_sendTransaction", [free]), "a hash");
  const receipt = readReceipt(await request("eth_getTransactionReceipt", [hash]));
  return { receipt, gasLimit: min(estimate + estimate / 5n, maxTransactionGas) };
}

function min(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}

/** A step would revert on the target: nothing was sent. */
export class RehearsalRevertError extends MetacoinError {
  override readonly code = "REHEARSAL_REVERT";

  constructor(label: string, reason: string, cause?: unknown) {
    super(`${label} reverts in the rehearsal: ${reason}`, {
      hint: "Nothing was sent. Mend the contract or the script and run again.",
      cause,
    });
  }
}

/** Never leaves the rehearsal: the stage is set again on a fork. */
class ForkNeededError extends MetacoinError {
  override readonly code = "FORK_NEEDED";
}
