import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

import { MetacoinError } from "../errors.ts";
import { writeFileAtomically } from "../files.ts";
import type { DeploymentRecord } from "./record.ts";

/** What tells two chains behind one network name apart: `deployments/<network>/.chain.json`. */
export type ChainIdentity = { readonly chainId: number; readonly genesisHash: string };

/** The records of one network. */
export type Registry = {
  /** The folder `deployments/<network>`. */
  readonly folder: string;
  readonly readAll: () => Promise<ReadonlyMap<string, DeploymentRecord>>;
  readonly write: (name: string, record: DeploymentRecord) => Promise<void>;
  readonly readChain: () => Promise<ChainIdentity | undefined>;
  readonly writeChain: (chain: ChainIdentity) => Promise<void>;
  /** Keeps a compiler input under its hash; the same input is kept once. */
  readonly writeSolcInput: (hash: string, json: string) => Promise<void>;
};

export function openRegistry(folder: string): Registry {
  const pathOf = (name: string) => join(folder, `${name}.json`);
  return {
    folder,
    async readAll() {
      const files = (await listFiles(folder)).filter((file) => file.endsWith(".json") && !file.startsWith("."));
      const records = await Promise.all(
        files.map(async (file) => [file.slice(0, -".json".length), await readRecord(join(folder, file))] as const),
      );
      return new Map(records);
    },
    async write(name, record) {
      await writeFileAtomically(pathOf(name), `${JSON.stringify(record, undefined, 2)}\n`);
    },
    async readChain() {
      const path = join(folder, ".chain.json");
      const json = await readJson(path);
      if (json === undefined) return undefined;
      if (!isChainIdentity(json)) throw new BrokenRecordError(path, "it has no chainId and genesisHash");
      return json;
    },
    async writeChain(chain) {
      await writeFileAtomically(join(folder, ".chain.json"), `${JSON.stringify(chain, undefined, 2)}\n`);
    },
    async writeSolcInput(hash, json) {
      const path = join(folder, "solcInputs", `${hash}.json`);
      if ((await readText(path)) !== json) await writeFileAtomically(path, json);
    },
  };
}

async function readRecord(path: string): Promise<DeploymentRecord> {
  const json = await readJson(path);
  if (!isDeploymentRecord(json)) throw new BrokenRecordError(path, "it lacks the fields of a deployment record");
  return json;
}

async function readJson(path: string): Promise<unknown> {
  const text = await readText(path);
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new BrokenRecordError(path, "it is no JSON", cause);
  }
}

async function readText(path: string): Promise<string | undefined> {
  return readFile(path, "utf8").catch((error: unknown) => {
    if (isMissing(error)) return undefined;
    throw error;
  });
}

async function listFiles(folder: string): Promise<readonly string[]> {
  return readdir(folder).catch((error: unknown) => {
    if (isMissing(error)) return [];
    throw error;
  });
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}

function isChainIdentity(json: unknown): json is ChainIdentity {
  return hasFields(json, { chainId: "number", genesisHash: "string" });
}

function isDeploymentRecord(json: unknown): json is DeploymentRecord {
  return (
    hasFields(json, { address: "string", transactionHash: "string", bytecode: "string", metacoin: "object" }) &&
    "abi" in json &&
    Array.isArray(json.abi) &&
    "args" in json &&
    Array.isArray(json.args)
  );
}

function hasFields(json: unknown, types: Readonly<Record<string, string>>): json is object {
  if (typeof json !== "object" || json === null) return false;
  const fields = new Map<string, unknown>(Object.entries(json));
  return Object.entries(types).every(([name, type]) => typeof fields.get(name) === type);
}

/** A file in deployments/ cannot be read as what its name says. */
class BrokenRecordError extends MetacoinError {
  override readonly code = "BROKEN_RECORD";

  constructor(path: string, reason: string, cause?: unknown) {
    super(`${path} cannot be read: ${reason}`, {
      hint: `Restore it from version control: git checkout -- ${path}`,
      cause,
    });
  }
}
