import { join } from "node:path";

import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";

import { link } from "../src/deploy/artifact.ts";
import { MetacoinError } from "../src/errors.ts";
import { listRegistries } from "../src/registry/networks.ts";
import type { DeploymentRecord } from "../src/registry/record.ts";
import type { CurrentBuild } from "../src/registry/status.ts";
import { openRegistry, type Registry } from "../src/registry/store.ts";
import { requireNetwork } from "./secrets.ts";

/**
 * The registries of a command: of the network it was typed for, of all of them where none was.
 *
 * @throws {UsageError} for a network that is neither configured nor recorded.
 */
export async function registriesOf(hre: HardhatRuntimeEnvironment): Promise<ReadonlyMap<string, Registry>> {
  const folder = join(hre.config.paths.root, "deployments");
  const recorded = await listRegistries(folder);
  const { network } = hre.globalOptions;
  if (network === undefined) return recorded;
  if (!recorded.has(network)) requireNetwork(hre, network);
  return new Map([[network, openRegistry(join(folder, network))]]);
}

/** Where a command that found no records sends its user. */
export function deployCommand({ globalOptions }: HardhatRuntimeEnvironment): string {
  return `npx hardhat deploy --network ${globalOptions.network ?? "sepolia"}`;
}

/** The record of a name. @throws {NoRecordError} with the names there are. */
export function findRecord(
  records: ReadonlyMap<string, DeploymentRecord>,
  name: string,
  network: string,
): DeploymentRecord {
  const record = records.get(name);
  if (record === undefined) throw new NoRecordError(name, network, [...records.keys()]);
  return record;
}

/** The build of today for a record, linked with the libraries of the record; undefined where the source is gone. */
export async function buildOfRecord(
  hre: HardhatRuntimeEnvironment,
  { metacoin, libraries }: DeploymentRecord,
): Promise<CurrentBuild> {
  const { contractName, sourceName } = metacoin;
  const fullName = `${sourceName}:${contractName}`;
  if (!(await hre.artifacts.artifactExists(fullName))) return undefined;
  const { bytecode, linkReferences } = await hre.artifacts.readArtifact(fullName);
  const needed = Object.values(linkReferences).flatMap((names) => Object.keys(names));
  // A library that the record does not know: the source has changed.
  if (needed.some((library) => libraries[library] === undefined)) return { bytecode: "0x" };
  return { bytecode: link(contractName, bytecode, linkReferences, libraries) };
}

/** A constructor's recorded arguments in their encoding, without 0x. */
export async function encodeRecordedArgs({ abi, args }: DeploymentRecord): Promise<string> {
  if (args.length === 0) return "";
  const { Interface } = await import("ethers");
  return new Interface(JSON.stringify(abi)).encodeDeploy(args).slice(2);
}

/** Nothing is recorded under a name. */
class NoRecordError extends MetacoinError {
  override readonly code = "NO_RECORD";

  constructor(name: string, network: string, names: readonly string[]) {
    super(`${network} has no record of "${name}"${names.length === 0 ? "" : `; there are ${names.join(", ")}`}`, {
      hint: `npx hardhat ${names.length === 0 ? "deploy" : "deployments"} --network ${network}`,
    });
  }
}
