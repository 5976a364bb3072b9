import type { Abi } from "../registry/abi.ts";
import type { RecordedArgument } from "../registry/record.ts";

/** One transaction of a deployment, as the rehearsal captured it. */
export type Step = {
  /** As people read it: `MetaCoin`, or `MetaCoin.sendCoin`. */
  readonly label: string;
  /** The record it belongs to. */
  readonly name: string;
  readonly from: string;
  /** Undefined where a contract is created. */
  readonly to: string | undefined;
  readonly data: string;
  /** Wei. */
  readonly value: bigint;
  readonly nonce: number;
  /** Gas that the rehearsal used. */
  readonly gasUsed: bigint;
  /** Gas that the transaction asks for. */
  readonly gasLimit: bigint;
  readonly effect: DeployEffect | CallEffect | TransferEffect;
};

/** A contract stands afterwards: what its record will say. */
export type DeployEffect = {
  readonly kind: "deploy";
  readonly address: string;
  readonly contractName: string;
  readonly sourceName: string;
  readonly abi: Abi;
  readonly args: readonly RecordedArgument[];
  readonly libraries: Readonly<Record<string, string>>;
  readonly bytecode: string;
  readonly deployedBytecode: string;
  readonly metadata: string;
  readonly solcLongVersion: string;
  readonly solcInputHash: string;
};

/** A function of a deployed contract was called. */
export type CallEffect = {
  readonly kind: "call";
  readonly functionName: string;
  readonly args: readonly RecordedArgument[];
};

/** Nothing to record: the release of a nonce. */
type TransferEffect = { readonly kind: "transfer" };

/** A contract that the records answer for already. */
export type Reused = { readonly name: string; readonly address: string };

/** What a deployment is going to do. */
export type Plan = {
  readonly steps: readonly Step[];
  readonly reused: readonly Reused[];
  /** True where the rehearsal had to fork the target. */
  readonly forked: boolean;
};
