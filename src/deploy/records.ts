import type { DeploymentRecord, RecordedCall } from "../registry/record.ts";
import { supersede } from "../registry/record.ts";
import type { Registry } from "../registry/store.ts";
import type { Receipt } from "../rpc/chain.ts";
import type { Outcome } from "./flight.ts";
import type { Run } from "./run.ts";
import type { CallEffect, DeployEffect, Step } from "./step.ts";

type Landed = Extract<Outcome, { readonly kind: "landed" | "reverted" | "released" }>;

/**
 * Writes what landed into the records. Doing it again changes nothing, so a crash in the middle is mended by the next run.
 *
 * @returns the names of the records that were written.
 */
export async function record(
  run: Run,
  outcomes: readonly Outcome[],
  registry: Registry,
  solcInputOf: (hash: string) => Promise<string | undefined>,
): Promise<void> {
  const records = new Map(await registry.readAll());
  const changed = new Set<string>();
  for (const [index, { step }] of run.slots.entries()) {
    const outcome = outcomes[index];
    if (outcome?.kind !== "landed") continue;
    const former = records.get(step.name);
    const next = apply(run, step, outcome, former);
    if (next === undefined || next === former) continue;
    records.set(step.name, next);
    changed.add(step.name);
  }
  for (const name of changed) {
    const next = records.get(name);
    if (next === undefined) continue;
    const input = await solcInputOf(next.solcInputHash);
    if (input !== undefined) await registry.writeSolcInput(next.solcInputHash, input);
    await registry.write(name, next);
  }
  if (changed.size > 0) await registry.writeChain({ chainId: run.chainId, genesisHash: run.genesisHash });
}

function apply(
  run: Run,
  step: Step,
  outcome: Landed,
  former: DeploymentRecord | undefined,
): DeploymentRecord | undefined {
  switch (step.effect.kind) {
    case "deploy":
      return supersede(former, toRecord(run, step, step.effect, outcome));
    case "call":
      return former === undefined ? undefined : addCall(former, toCall(step, step.effect, outcome));
    case "transfer":
      return undefined;
  }
}

function toRecord(run: Run, step: Step, effect: DeployEffect, { receipt, block }: Landed): DeploymentRecord {
  const { address, abi, args, libraries, bytecode, deployedBytecode, metadata, solcInputHash } = effect;
  return {
    address,
    abi,
    transactionHash: receipt.transactionHash,
    receipt: toRecordedReceipt(receipt),
    args,
    numDeployments: 1,
    solcInputHash,
    metadata,
    bytecode,
    deployedBytecode,
    libraries,
    metacoin: {
      contractName: effect.contractName,
      sourceName: effect.sourceName,
      solcLongVersion: effect.solcLongVersion,
      deployer: step.from,
      blockNumber: receipt.blockNumber,
      deployedAt: new Date(block.timestamp * 1_000).toISOString(),
      gasUsed: receipt.gasUsed.toString(),
      feePaid: feeOf(receipt).toString(),
      run: run.id,
      calls: [],
      verified: [],
    },
  };
}

function toCall(step: Step, { functionName, args }: CallEffect, { receipt }: Landed): RecordedCall {
  return {
    functionName,
    args,
    value: step.value.toString(),
    transactionHash: receipt.transactionHash,
    blockNumber: receipt.blockNumber,
    gasUsed: receipt.gasUsed.toString(),
  };
}

function addCall(former: DeploymentRecord, call: RecordedCall): DeploymentRecord {
  const { calls } = former.metacoin;
  if (calls.some(({ transactionHash }) => transactionHash === call.transactionHash)) return former;
  return { ...former, metacoin: { ...former.metacoin, calls: [...calls, call] } };
}

/** Wei that a transaction took, the layer below included. */
export function feeOf({ gasUsed, effectiveGasPrice, l1Fee }: Receipt): bigint {
  return gasUsed * effectiveGasPrice + l1Fee;
}

/** The receipt as hardhat-deploy writes it: numbers where it has numbers. */
function toRecordedReceipt({ json, blockNumber, gasUsed, succeeded }: Receipt): Readonly<Record<string, unknown>> {
  const {
    to,
    from,
    contractAddress,
    transactionIndex,
    logsBloom,
    blockHash,
    transactionHash,
    logs,
    cumulativeGasUsed,
  } = json;
  return {
    to: to ?? null,
    from,
    contractAddress,
    transactionIndex: Number(transactionIndex),
    gasUsed: gasUsed.toString(),
    logsBloom,
    blockHash,
    transactionHash,
    logs,
    blockNumber,
    cumulativeGasUsed: BigInt(typeof cumulativeGasUsed === "string" ? cumulativeGasUsed : 0).toString(),
    status: succeeded ? 1 : 0,
    byzantium: true,
  };
}
