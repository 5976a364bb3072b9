import type { Interface } from "ethers";

import { MetacoinError } from "../errors.ts";
import { withoutMetadata } from "../registry/code.ts";
import type { DeploymentRecord, RecordedArgument, RecordedCall } from "../registry/record.ts";
import { readReceipt, type Receipt } from "../rpc/chain.ts";
import { readHex, readQuantity, toQuantity } from "../rpc/quantity.ts";
import { type Artifact, checkCodeSize, librariesOf, link, maxTransactionGas } from "./artifact.ts";
import { makeHandle, type Reader } from "./handle.ts";
import { explainRevert } from "./revert.ts";
import type {
  Addressable,
  Argument,
  DeploymentContext,
  DeployOptions,
  LoadedScript,
  UntypedContract,
} from "./script.ts";
import type { CallEffect, DeployEffect, Plan, Reused, Step } from "./step.ts";

/** The chain in this process that a rehearsal runs on. */
type RehearsalChain = {
  readonly request: (method: string, params: readonly unknown[]) => Promise<unknown>;
  readonly close: () => Promise<void>;
};

/** The compiler's word on a contract, for its record. */
export type BuildFacts = {
  readonly metadata: string;
  readonly solcLongVersion: string;
  readonly solcInputHash: string;
};

export type Rehearsal = {
  readonly scripts: readonly LoadedScript[];
  readonly network: { readonly name: string; readonly chainId: number };
  /** The addresses that `account(i)` gives. */
  readonly accounts: readonly string[];
  /** The next free nonce of an account on the target, transactions that wait there included. */
  readonly nonceOf: (address: string) => Promise<number>;
  readonly records: ReadonlyMap<string, DeploymentRecord>;
  /** The code that stands at a recorded address on the target; `0x` where none does. */
  readonly codeAt: ReadonlyMap<string, string>;
  readonly artifactOf: (contract: string) => Promise<Artifact>;
  readonly buildFactsOf: (artifact: Artifact) => Promise<BuildFacts>;
  /** Opens the stand-in for the target: empty, or a fork of it. */
  readonly openChain: (options: { readonly fork: boolean }) => Promise<RehearsalChain>;
  /** Told, with the reason, when the rehearsal has to start over on a fork. */
  readonly onFork?: (reason: string) => void;
};

/**
 * Runs the deployment scripts on a chain in this process that stands in for the target and captures each transaction.
 *
 * The chain is opened when the first transaction or read needs it, so a run with nothing to do costs nothing. It starts
 * empty and is a fork of the target only where a script touches state that was there before.
 *
 * @throws {RehearsalRevertError} where a step reverts, with the decoded reason.
 */
export async function rehearse(rehearsal: Rehearsal): Promise<Plan> {
  const fresh = createStage(rehearsal, false);
  try {
    return await playAll(rehearsal, fresh);
  } catch (error) {
    const reason = fresh.needsFork();
    if (reason === undefined) throw error;
    rehearsal.onFork?.(reason);
  } finally {
    await fresh.close();
  }
  const forked = createStage(rehearsal, true);
  try {
    return await playAll(rehearsal, forked);
  } finally {
    await forked.close();
  }
}

type Stage = ReturnType<typeof createStage>;

async function playAll({ scripts }: Rehearsal, stage: Stage): Promise<Plan> {
  for (const script of scripts) {
    try {
      await script.run(stage.context);
    } catch (error) {
      if (error instanceof MetacoinError || stage.needsFork() !== undefined) throw error;
      throw new ScriptFailedError(script.file, error);
    }
    // A script that caught the refusal of a fresh chain must still be played again on a fork.
    const reason = stage.needsFork();
    if (reason !== undefined) throw new ScriptFailedError(script.file, reason);
  }
  return stage.plan();
}

function createStage(rehearsal: Rehearsal, fork: boolean) {
  const { records, codeAt, accounts, network } = rehearsal;
  const steps: Step[] = [];
  const reused = new Map<string, Reused>();
  const deployed = new Map<string, { readonly address: string; readonly identity: string }>();
  const abis = new Map<string, Artifact>();
  const repeats = new Map<string, number>();
  const nonces = new Map<string, number>();
  let chain: Promise<RehearsalChain> | undefined;
  let forkReason: string | undefined;

  function openOnce(): Promise<RehearsalChain> {
    chain ??= prepare();
    return chain;
  }

  async function prepare(): Promise<RehearsalChain> {
    const opened = await rehearsal.openChain({ fork });
    if (fork) return opened;
    // Libraries that stand already only need their code here; what has state needs a fork.
    for (const { address } of records.values()) {
      const code = codeAt.get(address) ?? "0x";
      if (code !== "0x") await opened.request("hardhat_setCode", [address, code]);
    }
    return opened;
  }

  function demandFork(reason: string): void {
    if (fork) return;
    forkReason ??= reason;
    throw new ForkNeededError(reason);
  }

  const reader: Reader = {
    request: async (method, params) => (await openOnce()).request(method, params),
    beforeRead(name) {
      if (reused.has(name)) demandFork(`a script reads ${name}, which stands on ${network.name} already`);
    },
  };

  async function nextNonce(from: string): Promise<number> {
    const known = nonces.get(from);
    if (known !== undefined) return known;
    const nonce = await rehearsal.nonceOf(from);
    const { request } = await openOnce();
    if (nonce > 0) await request("hardhat_setNonce", [from, toQuantity(nonce)]);
    await request("hardhat_setBalance", [from, toQuantity(10n ** 30n)]);
    await request("hardhat_impersonateAccount", [from]);
    return nonce;
  }

  /** Executes one transaction on the stand-in and says what it took. */
  async function execute(label: string, transaction: { from: string; to?: string; data: string; value: bigint }) {
    const { request } = await openOnce();
    const nonce = await nextNonce(transaction.from);
    const call = { ...transaction, value: toQuantity(transaction.value), gas: toQuantity(maxTransactionGas) };
    let gasLimit: bigint;
    let receipt: Receipt | undefined;
    try {
      const estimate = readQuantity(await request("eth_estimateGas", [call]), "an estimate");
      gasLimit = min(estimate + estimate / 5n, maxTransactionGas);
      const hash = readHex(
        await request("eth_sendTransaction", [{ ...call, maxFeePerGas: "0x0", maxPriorityFeePerGas: "0x0" }]),
        "a hash",
      );
      receipt = readReceipt(await request("eth_getTransactionReceipt", [hash]));
    } catch (cause) {
      throw new RehearsalRevertError(label, await explainRevert(cause, [...abis.values()]), cause);
    }
    if (receipt === undefined || !receipt.succeeded) throw new RehearsalRevertError(label, "no reason given");
    nonces.set(transaction.from, nonce + 1);
    return { nonce, gasUsed: receipt.gasUsed, gasLimit, address: receipt.contractAddress };
  }

  const context: DeploymentContext = {
    network,
    account(index = 0) {
      const address = accounts[index];
      if (address === undefined) throw new NoAccountError(index, accounts.length);
      return address;
    },
    async deploy<Contract = UntypedContract>(name: string, options: DeployOptions = {}) {
      const artifact = await rehearsal.artifactOf(options.contract ?? name);
      abis.set(name, artifact);
      checkCodeSize(artifact);
      const libraries = resolveLibraries(artifact, options.libraries ?? {});
      const bytecode = link(name, artifact.bytecode, artifact.linkReferences, libraries);
      const args = (options.args ?? []).map(toRecorded);
      const identity = JSON.stringify([bytecode, args]);
      const same = deployed.get(name);
      if (same !== undefined) {
        // A later script may name what an earlier one deployed.
        if (same.identity !== identity) throw new DeployedTwiceError(name);
        return makeHandle<Contract>(name, same.address, artifact, reader);
      }
      const record = records.get(name);
      if (record !== undefined && answersFor(record, bytecode, args)) {
        reused.set(name, { name, address: record.address });
        deployed.set(name, { address: record.address, identity });
        return makeHandle<Contract>(name, record.address, artifact, reader);
      }
      const touched = [...reused.values()].find(({ address }) =>
        JSON.stringify(args).toLowerCase().includes(address.slice(2).toLowerCase()),
      );
      if (touched !== undefined)
        demandFork(`${name} takes the address of ${touched.name}, which stands on ${network.name} already`);
      const value = options.value ?? 0n;
      const from = options.from ?? context.account();
      const data = `${bytecode}${await encodeConstructor(artifact, options.args ?? [])}`;
      const { nonce, gasUsed, gasLimit, address } = await execute(name, { from, data, value });
      if (address === undefined) throw new RehearsalRevertError(name, "no contract was created");
      const checksummed = await checksum(address);
      const effect: DeployEffect = {
        kind: "deploy",
        address: checksummed,
        contractName: artifact.contractName,
        sourceName: artifact.sourceName,
        abi: artifact.abi,
        args,
        libraries,
        bytecode,
        deployedBytecode: link(name, artifact.deployedBytecode, artifact.deployedLinkReferences, libraries),
        ...(await rehearsal.buildFactsOf(artifact)),
      };
      steps.push({ label: name, name, from, to: undefined, data, value, nonce, gasUsed, gasLimit, effect });
      deployed.set(name, { address: checksummed, identity });
      return makeHandle<Contract>(name, checksummed, artifact, reader);
    },
    async call(handle, functionName, args, options = {}) {
      const recordedArgs = args.map(toRecorded);
      const value = options.value ?? 0n;
      const key = JSON.stringify([handle.name, functionName, recordedArgs, value.toString()]);
      const turn = repeats.get(key) ?? 0;
      repeats.set(key, turn + 1);
      const earlier = reused.has(handle.name) ? (records.get(handle.name)?.metacoin.calls ?? []) : [];
      if (earlier.filter((call) => isSameCall(call, functionName, recordedArgs, value)).length > turn) return;
      if (reused.has(handle.name) || !deployed.has(handle.name)) {
        demandFork(
          `a script calls ${handle.name}.${functionName}, and ${handle.name} stands on ${network.name} already`,
        );
      }
      const abi = abis.get(handle.name);
      if (abi === undefined) throw new NoAccountError(0, 0);
      const from = options.from ?? context.account();
      const data = (await interfaceOf(abi)).encodeFunctionData(functionName, args.map(toEncodable));
      const label = `${handle.name}.${functionName}`;
      const { nonce, gasUsed, gasLimit } = await execute(label, { from, to: handle.address, data, value });
      const effect: CallEffect = { kind: "call", functionName, args: recordedArgs };
      steps.push({ label, name: handle.name, from, to: handle.address, data, value, nonce, gasUsed, gasLimit, effect });
    },
    async contractAt<Contract = UntypedContract>(contract: string, address: string) {
      demandFork(`a script uses ${contract} at ${address}`);
      const artifact = await rehearsal.artifactOf(contract);
      abis.set(contract, artifact);
      return makeHandle<Contract>(contract, address, artifact, reader);
    },
  };

  function resolveLibraries(
    artifact: Artifact,
    given: Readonly<Record<string, Addressable>>,
  ): Readonly<Record<string, string>> {
    const entries = librariesOf(artifact).flatMap((name) => {
      const library = given[name];
      const address = library === undefined ? deployed.get(name)?.address : addressOf(library);
      return address === undefined ? [] : [[name, address] as const];
    });
    return Object.fromEntries(entries);
  }

  function answersFor(record: DeploymentRecord, bytecode: string, args: readonly RecordedArgument[]): boolean {
    const code = codeAt.get(record.address) ?? "0x";
    // Comments change nothing but the metadata: no reason to deploy anew.
    const isSame = withoutMetadata(record.bytecode) === withoutMetadata(bytecode);
    return (
      isSame &&
      record.metacoin.forgotten !== true &&
      JSON.stringify(record.args) === JSON.stringify(args) &&
      code !== "0x"
    );
  }

  return {
    context,
    needsFork: () => forkReason,
    plan: (): Plan => ({ steps, reused: [...reused.values()], forked: fork }),
    async close() {
      await (await chain)?.close();
    },
  };
}

function isSameCall(
  call: RecordedCall,
  functionName: string,
  args: readonly RecordedArgument[],
  value: bigint,
): boolean {
  return (
    call.functionName === functionName &&
    call.value === value.toString() &&
    JSON.stringify(call.args) === JSON.stringify(args)
  );
}

async function encodeConstructor(artifact: Artifact, args: readonly Argument[]): Promise<string> {
  const inputs = artifact.abi.find(({ type }) => type === "constructor")?.inputs ?? [];
  if (inputs.length !== args.length) throw new WrongArgumentsError(artifact.contractName, inputs.length, args.length);
  if (args.length === 0) return "";
  return (await interfaceOf(artifact)).encodeDeploy(args.map(toEncodable)).slice(2);
}

async function interfaceOf({ abi }: Artifact): Promise<Interface> {
  const { Interface } = await import("ethers");
  return new Interface(JSON.stringify(abi));
}

async function checksum(address: string): Promise<string> {
  const { getAddress } = await import("ethers");
  return getAddress(address);
}

function addressOf(addressable: Addressable): string {
  return typeof addressable === "string" ? addressable : addressable.address;
}

/** Handles become addresses; everything else is as ethers takes it. */
function toEncodable(argument: unknown): unknown {
  if (Array.isArray(argument)) return argument.map(toEncodable);
  return isHandle(argument) ? argument.address : argument;
}

/** The form that a record keeps: integers as decimal strings, handles as addresses. */
function toRecorded(argument: unknown): RecordedArgument {
  if (typeof argument === "bigint" || typeof argument === "number") return argument.toString();
  if (typeof argument === "string" || typeof argument === "boolean") return argument;
  if (Array.isArray(argument)) return argument.map(toRecorded);
  if (isHandle(argument)) return argument.address;
  if (argument instanceof Uint8Array) return `0x${Buffer.from(argument).toString("hex")}`;
  if (typeof argument === "object" && argument !== null) {
    return Object.fromEntries(Object.entries(argument).map(([key, value]) => [key, toRecorded(value)]));
  }
  return null;
}

function isHandle(argument: unknown): argument is { readonly address: string } {
  return (
    typeof argument === "object" && argument !== null && "address" in argument && typeof argument.address === "string"
  );
}

function min(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}

/** A step would revert on the target: nothing was sent. */
class RehearsalRevertError extends MetacoinError {
  override readonly code = "REHEARSAL_REVERT";

  constructor(label: string, reason: string, cause?: unknown) {
    super(`${label} reverts in the rehearsal: ${reason}`, {
      hint: "Nothing was sent. Mend the contract or the script and run again.",
      cause,
    });
  }
}

/** A deployment script threw. */
class ScriptFailedError extends MetacoinError {
  override readonly code = "SCRIPT_FAILED";

  constructor(file: string, cause: unknown) {
    const reason = cause instanceof Error ? (cause.stack ?? cause.message) : String(cause);
    super(`${file} failed in the rehearsal: ${reason}`, { hint: "Nothing was sent.", cause });
  }
}

class DeployedTwiceError extends MetacoinError {
  override readonly code = "DEPLOYED_TWICE";

  constructor(name: string) {
    super(`The scripts deploy "${name}" twice, with different code or arguments`, {
      hint: `Give the second one a name of its own: deploy("${name}2", { contract: "${name}" })`,
    });
  }
}

class WrongArgumentsError extends MetacoinError {
  override readonly code = "WRONG_ARGUMENTS";

  constructor(contract: string, wanted: number, given: number) {
    super(`The constructor of ${contract} takes ${String(wanted)} arguments; the script gives ${String(given)}`, {
      hint: `deploy("${contract}", { args: […] })`,
    });
  }
}

class NoAccountError extends MetacoinError {
  override readonly code = "NO_ACCOUNT";

  constructor(index: number, count: number) {
    super(`There is no account ${String(index)}: ${String(count)} can sign`, { hint: "npx hardhat accounts" });
  }
}

/** Never leaves this file: the stage is set again on a fork. */
class ForkNeededError extends MetacoinError {
  override readonly code = "FORK_NEEDED";
}
