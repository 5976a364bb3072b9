import { cancel } from "../../src/deploy/cancel.ts";
import { deploy, type DeployOptions } from "../../src/deploy/deploy.ts";
import type { DeployResult } from "../../src/deploy/result.ts";
import { MetacoinError, messageOf, UsageError } from "../../src/errors.ts";
import { SPEEDS, type Speed } from "../../src/gas/market.ts";
import type { Verification } from "../../src/registry/verify.ts";
import { systemClock } from "../../src/rpc/backoff.ts";
import { action, InterruptedError, type ActionContext } from "../action.ts";
import { build } from "../builds.ts";
import { parseGwei } from "../gwei.ts";
import { chargesOf, connect, type Connection, readProject } from "../pipeline.ts";
import { approve } from "./approve.ts";
import { findRecord } from "../records.ts";
import { renderVerifications } from "../verifications.ts";
import { createDisplay } from "./display.ts";
import { type Publication, publishDeployment } from "./events.ts";
import { renderCancelled, renderDeployment } from "./render.ts";

export type DeployArguments = {
  readonly dryRun: boolean;
  readonly yes: boolean;
  readonly tags: string;
  readonly fee: string;
  readonly maxFee: string;
  readonly confirmations: number;
  readonly signer: string;
  readonly cancel: boolean;
  readonly verify: boolean;
  readonly json: boolean;
};

type Result =
  | {
      readonly kind: "deployment";
      readonly deployment: DeployResult;
      readonly elapsedMs: number;
      /** Empty without `--verify`. */
      readonly verifications: readonly Verification[];
    }
  | { readonly kind: "cancelled"; readonly network: string; readonly released: number; readonly landed: number };

type Deployed = Extract<Result, { readonly kind: "deployment" }>;

export default action<DeployArguments, Result>({
  async run(args, context) {
    const started = performance.now();
    const speed = parseSpeed(args.fee);
    const maxFee = parseGwei(args.maxFee);
    await build(context.hre, context.signal);
    const connection = await connect(context.hre, { signal: context.signal });
    const publication = publishDeployment(connection.network.name);
    try {
      const options = await toOptions(args, context, connection, speed, maxFee, publication);
      if (args.cancel) return await runCancel(options);
      const deployment = await deploy(options);
      const contracts = deployment.contracts.map(({ name, address }) => ({ name, address }));
      publication.publish({ type: "done", status: deployment.status, contracts });
      const elapsedMs = Math.round(performance.now() - started);
      return {
        kind: "deployment",
        deployment,
        elapsedMs,
        verifications: args.verify ? await verify(context, connection, deployment) : [],
      };
    } catch (error) {
      const failure = explainInterruption(error, connection.network.name, args.dryRun);
      publication.publish({ type: "failed", reason: messageOf(failure) });
      throw failure;
    } finally {
      await publication.close();
      await connection.close();
    }
  },
  render: (result) => (result.kind === "cancelled" ? renderCancelled(result) : renderAll(result)),
  exitCode: (result) =>
    result.kind === "deployment" && result.verifications.some(({ status }) => status === "failed") ? 1 : 0,
  document: (result) => (result.kind === "cancelled" ? result : toDocument(result)),
});

async function toOptions(
  args: DeployArguments,
  { hre, progress, signal }: ActionContext,
  connection: Connection,
  speed: Speed,
  maxFee: bigint | undefined,
  publication: Publication,
): Promise<DeployOptions> {
  const { network, live, registry } = connection;
  const display = createDisplay(progress, { live });
  const tags = args.tags.split(",").filter((tag) => tag !== "");
  return {
    ...(await readProject(hre, connection, { tags, signer: args.signer })),
    registry,
    speed,
    maxFee,
    confirmations: await chooseConfirmations(args.confirmations, connection, progress.line),
    dryRun: args.dryRun,
    approve: (quote, plan, target) =>
      live
        ? approve({ network: network.name, quote, plan, target, yes: args.yes, progress, signal })
        : Promise.resolve(),
    ...chargesOf(hre, connection),
    clock: systemClock,
    signal,
    onEvent(event) {
      display(event);
      // A chain in this process is done before anybody could watch.
      if (registry !== undefined) publication.publish(event);
    },
  };
}

/** Verifies what the deployment consists of, what it reused included. */
async function verify(
  context: ActionContext,
  connection: Connection,
  { contracts, status }: DeployResult,
): Promise<readonly Verification[]> {
  const { registry } = connection;
  if (registry === undefined || status === "planned") return [];
  const { verifyRecords } = await import("../verify.ts");
  const records = await registry.readAll();
  const deployed = new Map(
    contracts.flatMap(({ name }) =>
      records.has(name) ? [[name, findRecord(records, name, connection.network.name)]] : [],
    ),
  );
  return verifyRecords(context, { connection, records: deployed, explorers: "" });
}

async function runCancel(options: DeployOptions): Promise<Result> {
  const cancelled = await cancel(options);
  return { kind: "cancelled", network: options.network.name, released: 0, landed: 0, ...cancelled };
}

/** A chain that mines a block for each transaction has no further blocks to wait for. */
async function chooseConfirmations(
  asked: number,
  { network, rpc, live }: Connection,
  say: (text: string) => void,
): Promise<number> {
  if (asked < 0) throw new UsageError(`--confirmations ${String(asked)} is no number of blocks`);
  const wanted = asked === 0 ? (network.name === "mainnet" ? 3 : 1) : asked;
  if (wanted === 1) return wanted;
  const answers = live
    ? await rpc.send(["hardhat_getAutomine", "anvil_getAutomine"].map((method) => ({ method, params: [] })))
    : [{ result: true }];
  const mines = answers.some((answer) => "result" in answer && answer.result === true);
  if (mines) say(`${network.name} mines on demand: one confirmation is all there will be`);
  return mines ? 1 : wanted;
}

function parseSpeed(text: string): Speed {
  const speed = SPEEDS.find((candidate) => candidate === text);
  if (speed === undefined) throw new UsageError(`--fee ${text} is not one of ${SPEEDS.join(", ")}`);
  return speed;
}

function explainInterruption(error: unknown, network: string, dryRun: boolean): unknown {
  if (!(error instanceof InterruptedError) || dryRun) return error;
  return new StoppedError(`Stopped. What was signed for ${network} is in its journal and may still be mined`, {
    hint: `To go on: npx hardhat deploy --network ${network}\nTo give it up: npx hardhat deploy --network ${network} --cancel`,
    cause: error,
  });
}

function renderAll({ deployment, elapsedMs, verifications }: Deployed): string {
  const text = renderDeployment(deployment, elapsedMs);
  return verifications.length === 0 ? text : [text, "", renderVerifications(verifications)].join("\n");
}

/** What `--json` prints. */
function toDocument({ deployment, elapsedMs, verifications }: Deployed) {
  const { network, chainId, deployer, status, contracts, calls, quote, fees } = deployment;
  const steps =
    quote?.steps.map(({ label, gas, gasLimit, expected, worst }) => ({ label, gas, gasLimit, expected, worst })) ?? [];
  return { network, chainId, deployer, status, contracts, calls, steps, verifications, fees, elapsedMs };
}

/** Ctrl-C. */
class StoppedError extends MetacoinError {
  override readonly code = "STOPPED";
}
