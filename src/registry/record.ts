import type { Abi } from "./abi.ts";

/** An argument as a record keeps it: integers are decimal strings, so that JSON loses nothing. */
export type RecordedArgument =
  | string
  | number
  | boolean
  | null
  | readonly RecordedArgument[]
  | { readonly [key: string]: RecordedArgument };

/** A transaction that a deployment script sent to a contract after it stood. */
export type RecordedCall = {
  readonly functionName: string;
  readonly args: readonly RecordedArgument[];
  readonly value: string;
  readonly transactionHash: string;
  readonly blockNumber: number;
  readonly gasUsed: string;
};

/** What an explorer said: its name, the page to look at, and when (ISO 8601). */
type RecordedVerification = { readonly explorer: string; readonly url: string; readonly at: string };

/**
 * One contract on one network: `deployments/<network>/<Name>.json`.
 *
 * The outer fields are those of hardhat-deploy, so that tools made for it read ours;
 * what only this project knows stands under `metacoin`.
 */
export type DeploymentRecord = {
  readonly address: string;
  readonly abi: Abi;
  readonly transactionHash: string;
  readonly receipt: Readonly<Record<string, unknown>>;
  readonly args: readonly RecordedArgument[];
  /** How many times this name was deployed on this network. */
  readonly numDeployments: number;
  /** Names `solcInputs/<hash>.json` beside the record: everything a verifier needs. */
  readonly solcInputHash: string;
  /** The compiler's metadata JSON, as text. */
  readonly metadata: string;
  /** Creation code with libraries linked, without arguments. */
  readonly bytecode: string;
  readonly deployedBytecode: string;
  readonly libraries: Readonly<Record<string, string>>;
  /** Former deployments under this name, newest first. */
  readonly history?: readonly DeploymentRecord[];
  readonly metacoin: {
    readonly contractName: string;
    readonly sourceName: string;
    readonly solcLongVersion: string;
    readonly deployer: string;
    readonly blockNumber: number;
    /** The block's own time, ISO 8601. */
    readonly deployedAt: string;
    readonly gasUsed: string;
    /** Wei, everything included. */
    readonly feePaid: string;
    /** The run that deployed it: the name of its journal. */
    readonly run: string;
    readonly calls: readonly RecordedCall[];
    readonly verified: readonly RecordedVerification[];
    /** True once nobody wants it any more: the next run deploys the name anew. */
    readonly forgotten?: true;
  };
};

/** The record for a name after a new deployment: the one before goes to the top of the history. */
export function supersede(former: DeploymentRecord | undefined, next: DeploymentRecord): DeploymentRecord {
  if (former === undefined) return next;
  // The same transaction again: a run that was resumed after its record was written.
  if (former.transactionHash === next.transactionHash) return former;
  const { history = [], ...rest } = former;
  return { ...next, numDeployments: former.numDeployments + 1, history: [rest, ...history] };
}

/** The record with the wish that the next run does not reuse it; address and history stay. */
export function forget(record: DeploymentRecord): DeploymentRecord {
  return { ...record, metacoin: { ...record.metacoin, forgotten: true } };
}
