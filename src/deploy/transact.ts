import type { Speed } from "../gas/market.ts";
import type { Cost } from "../gas/cost.ts";
import type { DeploymentRecord, RecordedArgument } from "../registry/record.ts";
import { readQuantity } from "../rpc/quantity.ts";
import type { Receipt } from "../rpc/chain.ts";
import { execute, type ExecuteOptions, KeyTakenError, readDeployer, resume } from "./execute.ts";
import { lockFolder } from "./lock.ts";
import { preflight } from "./preflight.ts";
import { quote } from "./quote.ts";
import { feeOf } from "./records.ts";
import type { Plan, Step } from "./step.ts";

/** A call of a recorded contract from the shell. */
export type Transaction = {
  readonly name: string;
  readonly record: DeploymentRecord;
  readonly functionName: string;
  readonly args: readonly RecordedArgument[];
  /** The call, ABI-encoded. */
  readonly data: string;
};

export type TransactOptions = ExecuteOptions & {
  readonly speed: Speed;
  readonly l1FeeOf?: ((serialized: string) => Promise<Cost>) | undefined;
  /** Told when another process has to finish first. */
  readonly onWait?: (pid: string) => void;
};

export type Transacted = { readonly receipt: Receipt; readonly feePaid: bigint };

/**
 * Sends one transaction to a recorded contract through the pipeline of deployments: journalled before it is sent,
 * replaced when it is stuck, recorded with its gas. Several processes queue up, so no nonce is used twice.
 */
export async function transact(
  options: TransactOptions,
  { name, record, functionName, args, data }: Transaction,
): Promise<Transacted> {
  const { rpc, registry, network, accounts, clock, signal, onWait } = options;
  const lock =
    registry === undefined ? undefined : await lockFolder(registry.folder, network.name, { clock, signal, onWait });
  try {
    if (registry !== undefined) await resume(options, registry);
    const target = await readDeployer(options, new Map());
    const from = accounts[0] ?? "";
    const call = { from, to: record.address, data };
    const gas = readQuantity(await rpc.request("eth_estimateGas", [call]), "an estimate");
    const step: Step = {
      ...call,
      label: `${name}.${functionName}`,
      name,
      value: 0n,
      nonce: target.nonce.pending,
      gasUsed: gas,
      gasLimit: gas + gas / 5n,
      effect: { kind: "call", functionName, args },
    };
    const plan: Plan = { steps: [step], reused: [], forked: false };
    const { speed, maxFee, l1FeeOf } = options;
    const quoted = await quote(plan, target, { speed, maxFee, chainId: network.chainId, l1FeeOf });
    preflight(quoted, target, network.name, from);
    const { outcomes } = await execute(options, plan, target, quoted);
    const [outcome] = outcomes;
    if (outcome === undefined || outcome.kind === "taken") throw new KeyTakenError(step.label, step.nonce);
    return { receipt: outcome.receipt, feePaid: feeOf(outcome.receipt) };
  } finally {
    await lock?.release();
  }
}
