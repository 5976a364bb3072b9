import { randomBytes } from "node:crypto";

import { MetacoinError } from "../errors.ts";
import type { Cost } from "../gas/cost.ts";
import type { Speed } from "../gas/market.ts";
import type { DeploymentRecord } from "../registry/record.ts";
import type { Registry } from "../registry/store.ts";
import type { Clock } from "../rpc/backoff.ts";
import type { Rpc } from "../rpc/rpc.ts";
import { broadcast } from "./broadcast.ts";
import type { BroadcastEvent, Outcome } from "./flight.ts";
import { createJournal, type Journal, noJournal, resumeJournal } from "./journal.ts";
import { checkRoom, lockFolder } from "./lock.ts";
import { estimateOnTarget, preflight } from "./preflight.ts";
import { type Quote, quote } from "./quote.ts";
import { feeOf, record } from "./records.ts";
import { type Rehearsal, rehearse } from "./rehearse.ts";
import { explainRevertOnChain } from "./revert.ts";
import type { Run, Slot } from "./run.ts";
import { raiseFees, signRelease, signStep, type TransactionSigner } from "./sign.ts";
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

export type DeployOptions = Pick<
  Rehearsal,
  "scripts" | "network" | "accounts" | "artifactOf" | "buildFactsOf" | "openChain"
> & {
  readonly rpc: Rpc;
  /** Undefined for a chain that ends with this process: nothing is recorded. */
  readonly registry: Registry | undefined;
  readonly signerOf: (address: string) => TransactionSigner;
  readonly solcInputOf: (hash: string) => Promise<string | undefined>;
  readonly speed: Speed;
  /** Wei per gas. */
  readonly maxFee?: bigint | undefined;
  readonly confirmations: number;
  /** Ends after the quote. */
  readonly dryRun: boolean;
  /** Asks whoever pays; throws where the answer is no. */
  readonly approve: (quote: Quote, plan: Plan, target: Target) => Promise<void>;
  /** True on chains whose gas is not Ethereum's own. */
  readonly estimateThere?: boolean;
  readonly l1FeeOf?: ((serialized: string) => Promise<Cost>) | undefined;
  readonly clock: Clock;
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: DeployEvent) => void;
};

export type DeployedContract = {
  readonly name: string;
  readonly address: string;
  readonly status: "deployed" | "reused" | "planned";
  readonly transactionHash: string | undefined;
  readonly blockNumber: number | undefined;
  readonly gasUsed: bigint | undefined;
};

export type SentCall = {
  readonly label: string;
  readonly transactionHash: string;
  readonly blockNumber: number;
  readonly gasUsed: bigint;
};

export type DeployResult = {
  readonly network: string;
  readonly chainId: number;
  readonly deployer: string;
  readonly status: "deployed" | "unchanged" | "planned";
  readonly contracts: readonly DeployedContract[];
  readonly calls: readonly SentCall[];
  readonly quote: Quote | undefined;
  /** Wei. */
  readonly fees: { readonly expected: bigint; readonly worst: bigint; readonly paid: bigint };
};

/** How often a plan may be made anew because the key is used elsewhere at the same time. */
const mostRounds = 5;

/**
 * One deployment from the scripts to the records: rehearse → plan → quote → preflight → sign → journal → broadcast → record.
 *
 * A run that an earlier process left unfinished is brought to its end first, with the bytes it signed.
 */
export async function deploy(options: DeployOptions): Promise<DeployResult> {
  const { registry, network, dryRun } = options;
  const lock = registry === undefined || dryRun ? undefined : await lockFolder(registry.folder, network.name);
  try {
    const done: Finished[] = [];
    if (registry !== undefined && !dryRun) {
      const resumed = await resume(options, registry);
      if (resumed !== undefined) done.push(resumed);
    }
    for (let round = 0; round < mostRounds; round++) {
      const { result, finished } = await deployOnce(options, done);
      if (finished === undefined) return result;
      done.push(finished);
      const taken = labelsOf(finished, "taken");
      if (taken.length === 0) return summarize(done, result);
      options.onEvent?.({ type: "replanning", labels: taken });
    }
    throw new KeyInUseError(options.accounts[0] ?? "", mostRounds);
  } finally {
    await lock?.release();
  }
}

/** A run with what became of it. */
type Finished = { readonly run: Run; readonly outcomes: readonly Outcome[]; readonly quote?: Quote };

function labelsOf({ run, outcomes }: Finished, kind: Outcome["kind"]): readonly string[] {
  return run.slots.flatMap(({ step }, index) => (outcomes[index]?.kind === kind ? [step.label] : []));
}

async function deployOnce(
  options: DeployOptions,
  done: readonly Finished[],
): Promise<{ result: DeployResult; finished?: Finished }> {
  const { rpc, registry, network, onEvent } = options;
  const records = registry === undefined ? new Map<string, DeploymentRecord>() : await registry.readAll();
  const target = await readDeployer(options, records);
  const plan = await makePlan(options, records, target);
  onEvent?.({ type: "planned", steps: plan.steps.length, reused: plan.reused.length });
  if (plan.steps.length === 0) return { result: summarize(done, emptyResult(options, plan, target)) };
  const { speed, maxFee, l1FeeOf } = options;
  const quoted = await quote(plan, target, { speed, maxFee, chainId: network.chainId, l1FeeOf });
  const planned = plannedResult(options, plan, target, quoted);
  if (options.dryRun) return { result: planned };
  preflight(quoted, target, network.name, options.accounts[0] ?? "");
  if (!done.some((finished) => (finished.quote?.worst ?? 0n) >= quoted.worst))
    await options.approve(quoted, plan, target);
  if (registry !== undefined) await checkRoom(registry.folder, journalSize(plan));
  const run = await signAll(options, plan, target, quoted);
  const journal = registry === undefined ? noJournal : await createJournal(registry.folder, run);
  onEvent?.({ type: "signed", run: run.id, transactions: run.slots.map(describeSlot) });
  const outcomes = await finish({ ...options, rpc }, run, journal);
  return { result: planned, finished: { run, outcomes, quote: quoted } };
}

/** Bytes that the journal and the records of a plan may take, replacements included. */
function journalSize({ steps }: Plan): number {
  const dataLength = steps.reduce((sum, { data }) => sum + data.length, 0);
  return 16 * dataLength + 65_536;
}

function describeSlot({ step, versions }: Slot) {
  return { label: step.label, nonce: step.nonce, hash: versions[0]?.hash ?? "" };
}

async function readDeployer(options: DeployOptions, records: ReadonlyMap<string, DeploymentRecord>): Promise<Target> {
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

async function makePlan(
  options: DeployOptions,
  records: ReadonlyMap<string, DeploymentRecord>,
  target: Target,
): Promise<Plan> {
  const { rpc, scripts, network, accounts, artifactOf, buildFactsOf, openChain, onEvent } = options;
  const plan = await rehearse({
    scripts,
    network,
    accounts,
    records,
    codeAt: target.codeAt,
    artifactOf,
    buildFactsOf,
    openChain,
    async nonceOf(address) {
      if (address === accounts[0]) return target.nonce.pending;
      return Number(await rpc.request("eth_getTransactionCount", [address, "pending"]));
    },
    onFork: (reason) => onEvent?.({ type: "forking", reason }),
  });
  return options.estimateThere === true && plan.steps.length > 0 ? estimateOnTarget(plan, rpc) : plan;
}

async function signAll(options: DeployOptions, plan: Plan, target: Target, { fees, feeCeiling }: Quote): Promise<Run> {
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
async function finish(options: DeployOptions, run: Run, journal: Journal): Promise<readonly Outcome[]> {
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

async function resume(options: DeployOptions, registry: Registry): Promise<Finished | undefined> {
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

async function checkRun({ rpc, registry, network, accounts }: DeployOptions, run: Run): Promise<void> {
  const target = await readTarget(rpc, accounts[0] ?? "", []);
  await checkIdentity(target, network, registry);
  if (target.genesisHash !== run.genesisHash) throw new OtherRunError(network.name, run.id);
}

/**
 * Gives up an unfinished run: its open nonces are released by transfers of nothing to oneself, which compete with the
 * signed transactions. Whichever of the two lands is recorded.
 *
 * @returns undefined where no run is unfinished.
 */
export async function cancel(
  options: DeployOptions,
): Promise<{ readonly released: number; readonly landed: number } | undefined> {
  const { registry, network, signerOf } = options;
  if (registry === undefined) return undefined;
  const lock = await lockFolder(registry.folder, network.name);
  try {
    const found = await resumeJournal(registry.folder);
    if (found === undefined) return undefined;
    const target = await readDeployer(options, new Map());
    const feeCeiling = options.maxFee ?? found.run.feeCeiling * 2n;
    const run = { ...found.run, feeCeiling };
    for (const [index, slot] of run.slots.entries()) {
      const former = slot.versions.at(-1);
      if (former === undefined || slot.step.nonce < target.nonce.latest) continue;
      const fees = raiseFees(former, target.market.baseFee, feeCeiling) ?? former;
      const release = await signRelease(slot.step, run.chainId, fees, signerOf(slot.step.from));
      await found.journal.appendSigned(index, release);
      slot.versions.push(release);
    }
    const outcomes = await finish(options, run, found.journal);
    const count = (kind: Outcome["kind"]) => outcomes.filter((outcome) => outcome.kind === kind).length;
    return { released: count("released"), landed: count("landed") };
  } finally {
    await lock.release();
  }
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

function emptyResult(options: DeployOptions, plan: Plan, target: Target): DeployResult {
  return {
    network: options.network.name,
    chainId: target.chainId,
    deployer: options.accounts[0] ?? "",
    status: "unchanged",
    contracts: plan.reused.map(({ name, address }) => ({
      name,
      address,
      status: "reused",
      transactionHash: undefined,
      blockNumber: undefined,
      gasUsed: undefined,
    })),
    calls: [],
    quote: undefined,
    fees: { expected: 0n, worst: 0n, paid: 0n },
  };
}

function plannedResult(options: DeployOptions, plan: Plan, target: Target, quoted: Quote): DeployResult {
  const planned = plan.steps.flatMap(({ name, effect, gasUsed }): DeployedContract[] =>
    effect.kind === "deploy"
      ? [
          {
            name,
            address: effect.address,
            status: "planned",
            transactionHash: undefined,
            blockNumber: undefined,
            gasUsed,
          },
        ]
      : [],
  );
  const empty = emptyResult(options, plan, target);
  return {
    ...empty,
    status: "planned",
    contracts: [...empty.contracts, ...planned],
    quote: quoted,
    fees: { expected: quoted.expected, worst: quoted.worst, paid: 0n },
  };
}

/** Puts what landed in all rounds into the result of the last. */
function summarize(done: readonly Finished[], result: DeployResult): DeployResult {
  const landed = done.flatMap(({ run, outcomes }) =>
    run.slots.flatMap(({ step }, index) => {
      const outcome = outcomes[index];
      return outcome?.kind === "landed" ? [{ step, receipt: outcome.receipt }] : [];
    }),
  );
  if (landed.length === 0) return result;
  const contracts = new Map(result.contracts.map((contract) => [contract.name, contract]));
  for (const { step, receipt } of landed) {
    if (step.effect.kind !== "deploy") continue;
    const { transactionHash, blockNumber, gasUsed } = receipt;
    contracts.set(step.name, {
      name: step.name,
      address: step.effect.address,
      status: "deployed",
      transactionHash,
      blockNumber,
      gasUsed,
    });
  }
  const calls = landed.flatMap(({ step: { label, effect }, receipt: { transactionHash, blockNumber, gasUsed } }) =>
    effect.kind === "call" ? [{ label, transactionHash, blockNumber, gasUsed }] : [],
  );
  const paid = landed.reduce((sum, { receipt }) => sum + feeOf(receipt), 0n);
  return { ...result, status: "deployed", contracts: [...contracts.values()], calls, fees: { ...result.fees, paid } };
}

/** A transaction failed on chain although its rehearsal succeeded. */
export class RevertedOnChainError extends MetacoinError {
  override readonly code = "REVERTED_ON_CHAIN";

  constructor(failures: readonly string[], network: string) {
    super(`Reverted on chain: ${failures.join("; ")}. What landed is recorded`, {
      hint: `The state of ${network} differs from the rehearsal's. After mending it, the same command does the rest: npx hardhat deploy --network ${network}`,
    });
  }
}

/** The journal belongs to a chain that is gone. */
export class OtherRunError extends MetacoinError {
  override readonly code = "OTHER_RUN";

  constructor(network: string, run: string) {
    super(`The unfinished run ${run} of ${network} was signed for another chain`, {
      hint: `A development chain that was started anew? Move its journal away: mv deployments/${network} deployments/${network}.old`,
    });
  }
}

/** Somebody else sends from the same account all the time. */
export class KeyInUseError extends MetacoinError {
  override readonly code = "KEY_IN_USE";

  constructor(deployer: string, rounds: number) {
    super(`Another program kept sending from ${deployer}; the plan was made ${String(rounds)} times`, {
      hint: "Stop it, or deploy from an account of its own. What landed is recorded.",
    });
  }
}
