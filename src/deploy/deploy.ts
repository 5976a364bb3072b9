import { MetacoinError } from "../errors.ts";
import type { Cost } from "../gas/cost.ts";
import type { Speed } from "../gas/market.ts";
import type { DeploymentRecord } from "../registry/record.ts";
import { execute, type ExecuteOptions, type Finished, labelsOf, readDeployer, resume } from "./execute.ts";
import { lockFolder } from "./lock.ts";
import { estimateOnTarget, preflight } from "./preflight.ts";
import { type Quote, quote } from "./quote.ts";
import { type Rehearsal, rehearse } from "./rehearse.ts";
import { type DeployResult, emptyResult, plannedResult, summarize } from "./result.ts";
import type { Plan } from "./step.ts";
import type { Target } from "./target.ts";

export type DeployOptions = ExecuteOptions &
  Pick<Rehearsal, "scripts" | "artifactOf" | "buildFactsOf" | "openChain"> & {
    readonly speed: Speed;
    /** Ends after the quote. */
    readonly dryRun: boolean;
    /** Asks whoever pays; throws where the answer is no. */
    readonly approve: (quote: Quote, plan: Plan, target: Target) => Promise<void>;
    /** True on chains whose gas is not Ethereum's own. */
    readonly estimateThere?: boolean;
    readonly l1FeeOf?: ((serialized: string) => Promise<Cost>) | undefined;
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

async function deployOnce(
  options: DeployOptions,
  done: readonly Finished[],
): Promise<{ result: DeployResult; finished?: Finished }> {
  const { registry, network, onEvent } = options;
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
  return { result: planned, finished: await execute(options, plan, target, quoted) };
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

/** Somebody else sends from the same account all the time. */
class KeyInUseError extends MetacoinError {
  override readonly code = "KEY_IN_USE";

  constructor(deployer: string, rounds: number) {
    super(`Another program kept sending from ${deployer}; the plan was made ${String(rounds)} times`, {
      hint: "Stop it, or deploy from an account of its own. What landed is recorded.",
    });
  }
}
