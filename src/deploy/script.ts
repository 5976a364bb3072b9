import type { RecordedArgument } from "../registry/record.ts";

/** What a deployment script may do. */
export type DeploymentContext = {
  /**
   * Deploys a contract, or reuses the recorded one where nothing changed.
   *
   * @param name the name of the record; also the contract, unless `options.contract` says otherwise.
   */
  readonly deploy: <Contract = UntypedContract>(name: string, options?: DeployOptions) => Promise<Handle<Contract>>;
  /** Sends a transaction to a contract; sent once, however often the script runs. */
  readonly call: <Contract, Name extends FunctionName<Contract>>(
    handle: Handle<Contract>,
    functionName: Name,
    args: ArgumentsOf<Contract, Name>,
    options?: CallOptions,
  ) => Promise<void>;
  /** A contract of the target that this project did not deploy. The rehearsal then runs on a fork. */
  readonly contractAt: <Contract = UntypedContract>(contract: string, address: string) => Promise<Handle<Contract>>;
  /** The address of the account with an index; 0 is the deployer. */
  readonly account: (index?: number) => string;
  readonly network: { readonly name: string; readonly chainId: number };
};

export type DeployOptions = {
  /** The contract to deploy under this name; fully qualified where the name is not unique. */
  readonly contract?: string;
  readonly args?: readonly Argument[];
  /** Library name → handle or address; libraries deployed under their own name need not be given. */
  readonly libraries?: Readonly<Record<string, Addressable>>;
  /** An address that `account()` gave; the deployer by default. */
  readonly from?: string;
  /** Wei to send along. */
  readonly value?: bigint;
};

type CallOptions = { readonly from?: string; readonly value?: bigint };

export type Addressable = string | { readonly address: string };

export type Argument =
  | RecordedArgument
  | bigint
  | { readonly address: string }
  | readonly Argument[]
  | { readonly [key: string]: Argument };

/** A deployed contract: its address, and its view functions as plain async functions. */
export type Handle<Contract = UntypedContract> = { readonly name: string; readonly address: string } & {
  readonly [Name in FunctionName<Contract>]: (
    ...args: ArgumentsOf<Contract, Name>
  ) => Promise<ResultOf<Contract, Name>>;
};

/** What a contract without generated types looks like. */
export type UntypedContract = { readonly [name: string]: { staticCall: (...args: Argument[]) => Promise<unknown> } };

/** The functions of a contract: generated types give each one a `staticCall`. */
type FunctionName<Contract> = {
  [Name in keyof Contract & string]: Contract[Name] extends { readonly staticCall: unknown } ? Name : never;
}[keyof Contract & string];

type ArgumentsOf<Contract, Name extends keyof Contract> = Contract[Name] extends {
  readonly staticCall: (...args: infer Args) => unknown;
}
  ? Args
  : never;

type ResultOf<Contract, Name extends keyof Contract> = Contract[Name] extends {
  readonly staticCall: (...args: never) => Promise<infer Result>;
}
  ? Result
  : never;

export type DeploymentOptions = { readonly tags?: readonly string[] };

export type Deployment = {
  readonly run: (context: DeploymentContext) => Promise<void>;
  readonly tags: readonly string[];
};

/**
 * A deployment script: the default export of `scripts/deploy/NNN_name.ts`.
 *
 * @example
 * export default deployment(async ({ deploy }) => {
 *   await deploy("ConvertLib");
 *   await deploy("MetaCoin");
 * }, { tags: ["coin"] });
 */
export function deployment(run: Deployment["run"], { tags = [] }: DeploymentOptions = {}): Deployment {
  return { run, tags };
}

/** A script with the file it came from, for messages. */
export type LoadedScript = Deployment & { readonly file: string };

/** The scripts that carry one of the tags; all of them where no tag is given. */
export function selectScripts(scripts: readonly LoadedScript[], tags: readonly string[]): readonly LoadedScript[] {
  return tags.length === 0 ? scripts : scripts.filter((script) => script.tags.some((tag) => tags.includes(tag)));
}
