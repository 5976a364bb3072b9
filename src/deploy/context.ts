import { MetacoinError } from "../errors.ts";
import { withoutMetadata } from "../registry/code.ts";
import type { DeploymentRecord, RecordedArgument, RecordedCall } from "../registry/record.ts";
import { addressOf, encodeCall, encodeConstructor, toRecorded } from "./arguments.ts";
import { type Artifact, type BuildFacts, checkCodeSize, librariesOf, link } from "./artifact.ts";
import { makeHandle, type Reader } from "./handle.ts";
import type { DeploymentContext, DeployOptions, UntypedContract } from "./script.ts";
import { RehearsalRevertError, type Stage } from "./stage.ts";
import type { CallEffect, DeployEffect, Plan, Reused, Step } from "./step.ts";

export type ContextSetting = {
  readonly network: { readonly name: string; readonly chainId: number };
  /** The addresses that `account(i)` gives. */
  readonly accounts: readonly string[];
  readonly records: ReadonlyMap<string, DeploymentRecord>;
  /** The code that stands at a recorded address on the target; `0x` where none does. */
  readonly codeAt: ReadonlyMap<string, string>;
  readonly artifactOf: (contract: string) => Promise<Artifact>;
  readonly buildFactsOf: (artifact: Artifact) => Promise<BuildFacts>;
};

/** Creation code with its libraries, and arguments: the same twice is one contract. */
type Creation = {
  readonly artifact: Artifact;
  readonly libraries: Readonly<Record<string, string>>;
  readonly bytecode: string;
  readonly args: readonly RecordedArgument[];
};

type Call = Pick<RecordedCall, "functionName" | "args" | "value">;

/** What scripts are handed. What they send runs on the stage and becomes a step of the plan. */
export function createContext(
  setting: ContextSetting,
  stage: Stage,
): { readonly context: DeploymentContext; readonly plan: () => Plan } {
  const { records, network } = setting;
  const steps: Step[] = [];
  const reused = new Map<string, Reused>();
  const deployed = new Map<string, { readonly address: string; readonly creation: Creation }>();
  const known = new Map<string, Artifact>();
  const repeats = new Map<string, number>();

  const reader: Reader = {
    request: stage.request,
    beforeRead(name) {
      if (reused.has(name)) stage.demandFork(`a script reads ${name}, which stands on ${network.name} already`);
    },
  };

  function account(index = 0): string {
    const address = setting.accounts[index];
    if (address === undefined) throw new NoAccountError(index, setting.accounts.length);
    return address;
  }

  function toCreation(name: string, artifact: Artifact, { libraries: given = {}, args = [] }: DeployOptions): Creation {
    const libraries = resolveLibraries(artifact, given);
    const bytecode = link(name, artifact.bytecode, artifact.linkReferences, libraries);
    return { artifact, libraries, bytecode, args: args.map(toRecorded) };
  }

  function resolveLibraries(artifact: Artifact, given: NonNullable<DeployOptions["libraries"]>) {
    const entries = librariesOf(artifact).flatMap((name) => {
      const library = given[name];
      const address = library === undefined ? deployed.get(name)?.address : addressOf(library);
      return address === undefined ? [] : [[name, address] as const];
    });
    return Object.fromEntries(entries);
  }

  /** The address of what stands already: an earlier script's, or the recorded contract. */
  function findStanding(name: string, creation: Creation): string | undefined {
    const same = deployed.get(name);
    if (same !== undefined) {
      if (!isSameCreation(same.creation, creation)) throw new DeployedTwiceError(name);
      return same.address;
    }
    const record = records.get(name);
    if (record === undefined || !answersFor(record, creation, setting.codeAt)) return undefined;
    reused.set(name, { name, address: record.address });
    return record.address;
  }

  async function create(name: string, creation: Creation, options: DeployOptions): Promise<string> {
    const { artifact, libraries, bytecode, args } = creation;
    demandForkFor(name, args);
    const { value = 0n, from = account() } = options;
    const data = `${bytecode}${await encodeConstructor(artifact, options.args ?? [])}`;
    const { address, ...taken } = await stage.execute(name, { from, data, value }, [...known.values()]);
    if (address === undefined) throw new RehearsalRevertError(name, "no contract was created");
    const effect: DeployEffect = {
      kind: "deploy",
      address: await checksum(address),
      contractName: artifact.contractName,
      sourceName: artifact.sourceName,
      abi: artifact.abi,
      args,
      libraries,
      bytecode,
      deployedBytecode: link(name, artifact.deployedBytecode, artifact.deployedLinkReferences, libraries),
      ...(await setting.buildFactsOf(artifact)),
    };
    steps.push({ label: name, name, from, to: undefined, data, value, ...taken, effect });
    return effect.address;
  }

  /** A constructor may ask the contract whose address it takes, and here that one has no state. */
  function demandForkFor(name: string, args: readonly RecordedArgument[]): void {
    const text = JSON.stringify(args).toLowerCase();
    const touched = [...reused.values()].find(({ address }) => text.includes(address.slice(2).toLowerCase()));
    if (touched !== undefined)
      stage.demandFork(`${name} takes the address of ${touched.name}, which stands on ${network.name} already`);
  }

  /** True where the records say that this very call was sent: written twice, it is sent twice. */
  function wasSent(name: string, call: Call): boolean {
    const key = JSON.stringify([name, call.functionName, call.args, call.value]);
    const turn = repeats.get(key) ?? 0;
    repeats.set(key, turn + 1);
    const earlier = reused.has(name) ? (records.get(name)?.metacoin.calls ?? []) : [];
    return earlier.filter((candidate) => isSameCall(candidate, call)).length > turn;
  }

  const context: DeploymentContext = {
    network,
    account,
    async deploy<Contract = UntypedContract>(name: string, options: DeployOptions = {}) {
      const artifact = await setting.artifactOf(options.contract ?? name);
      known.set(name, artifact);
      checkCodeSize(artifact);
      const creation = toCreation(name, artifact, options);
      const address = findStanding(name, creation) ?? (await create(name, creation, options));
      deployed.set(name, { address, creation });
      return makeHandle<Contract>(name, address, artifact, reader);
    },
    async call({ name, address: to }, functionName, args, { from: given, value = 0n } = {}) {
      const recorded = args.map(toRecorded);
      if (wasSent(name, { functionName, args: recorded, value: value.toString() })) return;
      if (reused.has(name) || !deployed.has(name))
        stage.demandFork(`a script calls ${name}.${functionName}, and ${name} stands on ${network.name} already`);
      const artifact = known.get(name);
      if (artifact === undefined) throw new UnknownContractError(name);
      const from = given ?? account();
      const data = await encodeCall(artifact, functionName, args);
      const label = `${name}.${functionName}`;
      const { nonce, gasUsed, gasLimit } = await stage.execute(label, { from, to, data, value }, [...known.values()]);
      const effect: CallEffect = { kind: "call", functionName, args: recorded };
      steps.push({ label, name, from, to, data, value, nonce, gasUsed, gasLimit, effect });
    },
    async contractAt<Contract = UntypedContract>(contract: string, address: string) {
      stage.demandFork(`a script uses ${contract} at ${address}`);
      const artifact = await setting.artifactOf(contract);
      known.set(contract, artifact);
      return makeHandle<Contract>(contract, address, artifact, reader);
    },
  };
  return { context, plan: () => ({ steps, reused: [...reused.values()], forked: stage.isFork }) };
}

function isSameCreation(one: Creation, other: Creation): boolean {
  return one.bytecode === other.bytecode && JSON.stringify(one.args) === JSON.stringify(other.args);
}

/** True where the record is of this creation, and its contract still stands. */
function answersFor(record: DeploymentRecord, { bytecode, args }: Creation, codeAt: ContextSetting["codeAt"]): boolean {
  // Comments change nothing but the metadata: no reason to deploy anew.
  const isSame = withoutMetadata(record.bytecode) === withoutMetadata(bytecode);
  return (
    isSame &&
    record.metacoin.forgotten !== true &&
    JSON.stringify(record.args) === JSON.stringify(args) &&
    (codeAt.get(record.address) ?? "0x") !== "0x"
  );
}

function isSameCall(one: Call, other: Call): boolean {
  return (
    one.functionName === other.functionName &&
    one.value === other.value &&
    JSON.stringify(one.args) === JSON.stringify(other.args)
  );
}

async function checksum(address: string): Promise<string> {
  const { getAddress } = await import("ethers");
  return getAddress(address);
}

class DeployedTwiceError extends MetacoinError {
  override readonly code = "DEPLOYED_TWICE";

  constructor(name: string) {
    super(`The scripts deploy "${name}" twice, with different code or arguments`, {
      hint: `Give the second one a name of its own: deploy("${name}2", { contract: "${name}" })`,
    });
  }
}

class NoAccountError extends MetacoinError {
  override readonly code = "NO_ACCOUNT";

  constructor(index: number, count: number) {
    super(`There is no account ${String(index)}: ${String(count)} can sign`, { hint: "npx hardhat accounts" });
  }
}

/** A handle that no script of this rehearsal was given. */
class UnknownContractError extends MetacoinError {
  override readonly code = "UNKNOWN_CONTRACT";

  constructor(name: string) {
    super(`The scripts call ${name}, and none of them deployed it`, {
      hint: `await deploy("${name}") gives it, or contractAt("${name}", address) where somebody else deployed it`,
    });
  }
}
