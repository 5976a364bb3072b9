import { randomBytes } from "node:crypto";

import { MetacoinError } from "../errors.ts";
import type { DeploymentRecord } from "../registry/record.ts";
import type { Registry } from "../registry/store.ts";
import type { Clock } from "../rpc/backoff.ts";
import type { Rpc } from "../rpc/rpc.ts";
import { broadcast } from "./broadcast.ts";
import type { BroadcastEvent, Outcome } from "./flight.ts";
import { createJournal, type Journal, noJournal, resumeJournal } from "./journal.ts";
import { checkRoom } from "./lock.ts";
import type { Quote } from "./quote.ts";
import { record } from "./records.ts";
import { explainRevertOnChain } from "./revert.ts";
import type { Run, Slot } from "./run.ts";
import { signStep, type TransactionSigner } from "./sign.ts";
import type { Plan } from "./step.ts";
import { checkIdentity, readTarget, type Target } from "./target.ts";

/** What a watcher of a deployment is told, in the order of the pipeline. */
export type DeployEvent =
  | {
      readonly type: "target";
      readonly chainId: number;
      readonly deployer: string;
      readonly balance: bigint;
      readonly waiting: number;
    }
  | { readonly type: "resuming"; readonly run: string; readonly transactions: number }
  | { readonly type: "forking"; readonly reason: string }
  | { readonly type: "planned"; readonly steps: number; readonly reused: number }
  | {
      readonly type: "signed";
      readonly run: string;
      readonly transactions: readonly { readonly label: string; readonly nonce: number; readonly hash: string }[];
    }
  | { readonly type: "replanning"; readonly labels: readonly string[] }
  | BroadcastEvent;

/** What it takes to sign, send and record. */
export type ExecuteOptions = {
  readonly network: { readonly name: string; readonly chainId: number };
  readonly rpc: Rpc;
  /** Undefined for a chain that ends with this process: nothing is recorded. */
  readonly registry: Registry | undefined;
  /** The addresses that can sign; the first one is the deployer. */
  readonly accounts: readonly string[];
  readonly signerOf: (address: string) => TransactionSigner;
  readonly solcInputOf: (hash: string) => Promise<string | undefined>;
  /** Wei per gas. */
  readonly maxFee?: bigint | undefined;
  readonly confirmations: number;
  readonly clock: Clock;
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: DeployEvent) => void;
};

/** A run with what became of it. */
export type Finished = { readonly run: Run; readonly outcomes: readonly Outcome[]; readonly quote?: Quote };

export function labelsOf({ run, outcomes }: Finished, kind: Outcome["kind"]): readonly string[] {
  return run.slots.flatMap(({ step }, index) => (outcomes[index]?.kind === kind ? [step.label] : []));
}

/** Sign → journal → broadcast → confirm → record, for a plan that was quoted and approved. */
export async function execute(options: ExecuteOptions, plan: Plan, target: Target, quoted: Quote): Promise<Finished> {
  const { registry, onEvent } = options;
  if (registry !== undefined) await checkRoom(registry.folder, journalSize(plan));
  const run = await signAll(options, plan, target, quoted);
  const journal = registry === undefined ? noJournal : await createJournal(registry.folder, run);
  onEvent?.({ type: "signed", run: run.id, transactions: run.slots.map(describeSlot) });
  return { run, outcomes: await finish(options, run, journal), quote: quoted };
}

/** Brings a run that an earlier process left unfinished to its end, with the bytes it signed. */
export async function resume(options: ExecuteOptions, registry: Registry): Promise<Finished | undefined> {
  const found = await resumeJournal(registry.folder);
  if (found === undefined) return undefined;
  const run = withCeiling(found.run, options.maxFee);
  await checkRun(options, run);
  options.onEvent?.({ type: "resuming", run: run.id, transactions: run.slots.length });
  return { run, outcomes: await finish(options, run, found.journal) };
}

/** A higher `--max-fee` on the second command line lets a stuck run go on. */
function withCeiling(run: Run, maxFee: bigint | undefined): Run {
  return maxFee === undefined ? run : { ...run, feeCeiling: maxFee };
}

async function checkRun({ rpc, registry, network, accounts }: ExecuteOptions, run: Run): Promise<void> {
  const target = await readTarget(rpc, accounts[0] ?? "", []);
  await checkIdentity(target, network, registry);
  if (target.genesisHash !== run.genesisHash) throw new OtherRunError(network.name, run.id);
}

/** Bytes that the journal and the records of a plan may take, replacements included. */
function journalSize({ steps }: Plan): number {
  const dataLength = steps.reduce((sum, { data }) => sum + data.length, 0);
  return 16 * dataLength + 65_536;
}

function describeSlot({ step, versions }: Slot) {
  return { label: step.label, nonce: step.nonce, hash: versions[0]?.hash ?? "" };
}

async function signAll(options: ExecuteOptions, plan: Plan, target: Target, { fees, feeCeiling }: Quote): Promise<Run> {
  const startedAt = new Date(options.clock.now()).toISOString();
  const slots: Slot[] = [];
  for (const step of plan.steps) {
    slots.push({ step, versions: [await signStep(step, target.chainId, fees, options.signerOf(step.from))] });
  }
  return {
    id: `${startedAt.replaceAll(/[-:]|\.\d+/gu, "")}-${randomBytes(3).toString("hex")}`,
    network: options.network.name,
    chainId: target.chainId,
    genesisHash: target.genesisHash,
    startedAt,
    startBlock: target.head.number,
    feeCeiling,
    slots,
  };
}

/** Broadcast → confirm → record, for a run whose journal is on disk. */
export async function finish(options: ExecuteOptions, run: Run, journal: Journal): Promise<readonly Outcome[]> {
  const { rpc, signerOf, confirmations, clock, signal, onEvent, registry } = options;
  try {
    const outcomes = await broadcast(run, {
      rpc,
      journal,
      signerOf,
      confirmations,
      clock,
      ...(signal === undefined ? {} : { signal }),
      ...(onEvent === undefined ? {} : { onEvent }),
    });
    if (registry !== undefined) await record(run, outcomes, registry, options.solcInputOf);
    await journal.finish();
    // Behind a nonce that was taken, steps revert because theirs is missing: the next plan has them again.
    if (!outcomes.some(({ kind }) => kind === "taken")) await throwWhereReverted(run, outcomes, rpc);
    return outcomes;
  } finally {
    await journal.close();
  }
}

/** What the target says of itself and of the deployer. @throws where it is another chain than the one that was meant. */
export async function readDeployer(
  options: ExecuteOptions,
  records: ReadonlyMap<string, DeploymentRecord>,
): Promise<Target> {
  const { rpc, registry, network, accounts, onEvent } = options;
  const deployer = accounts[0] ?? "";
  const target = await readTarget(
    rpc,
    deployer,
    [...records.values()].map(({ address }) => address),
  );
  await checkIdentity(target, network, registry);
  const waiting = target.nonce.pending - target.nonce.latest;
  onEvent?.({ type: "target", chainId: target.chainId, deployer, balance: target.balance, waiting });
  return target;
}

async function throwWhereReverted(run: Run, outcomes: readonly Outcome[], rpc: Rpc): Promise<void> {
  const failures: string[] = [];
  for (const [index, { step }] of run.slots.entries()) {
    const outcome = outcomes[index];
    if (outcome?.kind !== "reverted") continue;
    const abis = run.slots.flatMap(({ step: { effect } }) => (effect.kind === "deploy" ? [effect] : []));
    failures.push(`${step.label}: ${await explainRevertOnChain(rpc, step, outcome.receipt, abis)}`);
  }
  if (failures.length > 0) throw new RevertedOnChainError(failures, run.network);
}

/** A transaction failed on chain although its rehearsal succeeded. */
class RevertedOnChainError extends MetacoinError {
  override readonly code = "REVERTED_ON_CHAIN";

  constructor(failures: readonly string[], network: string) {
    super(`Reverted on chain: ${failures.join("; ")}. What landed is recorded`, {
      hint: `The state of ${network} differs from the rehearsal's. After mending it, the same command does the rest: npx hardhat deploy --network ${network}`,
    });
  }
}

/** The journal belongs to a chain that is gone. */
class OtherRunError extends MetacoinError {
  override readonly code = "OTHER_RUN";

  constructor(network: string, run: string) {
    super(`The unfinished run ${run} of ${network} was signed for another chain`, {
      hint: `A development chain that was started anew? Move its journal away: mv deployments/${network} deployments/${network}.old`,
    });
  }
}

/** The nonce of a single transaction was used by another program. */
export class KeyTakenError extends MetacoinError {
  override readonly code = "KEY_TAKEN";

  constructor(label: string, nonce: number) {
    super(`${label} was not sent: another program used nonce ${String(nonce)} of the account`, {
      hint: "Run the same command again.",
    });
  }
}
