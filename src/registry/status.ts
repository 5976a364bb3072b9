import { readBlock } from "../rpc/chain.ts";
import { readHex } from "../rpc/quantity.ts";
import { isRecord, type Rpc, valueOf } from "../rpc/rpc.ts";
import { isSameCode, withoutMetadata } from "./code.ts";
import type { DeploymentRecord } from "./record.ts";
import type { ChainIdentity } from "./store.ts";

/** What a record is worth: against the chain first, then against the sources. */
type Verdict = "current" | "changed in source" | "missing on chain" | "different code";

export type Status = {
  readonly name: string;
  readonly address: string;
  readonly verdict: Verdict;
  readonly detail: string | undefined;
};

/** The current build of a recorded contract, linked with the recorded libraries; undefined where its source is gone. */
export type CurrentBuild = { readonly bytecode: string } | undefined;

type CompareOptions = {
  readonly rpc: Rpc;
  readonly records: ReadonlyMap<string, DeploymentRecord>;
  /** The chain that the records were written on; undefined where nobody noted it. */
  readonly chain: ChainIdentity | undefined;
  readonly buildOf: (record: DeploymentRecord) => Promise<CurrentBuild>;
  /** A constructor's arguments as the chain has them, without 0x. */
  readonly encodeArgs: (record: DeploymentRecord) => Promise<string>;
};

/** Compares each record with what stands on the chain and with the sources, in one round trip. */
export async function compareRecords({
  rpc,
  records,
  chain,
  buildOf,
  encodeArgs,
}: CompareOptions): Promise<readonly Status[]> {
  const entries = [...records];
  const [genesis, ...answers] = await rpc.send([
    { method: "eth_getBlockByNumber", params: ["0x0", false] },
    ...entries.flatMap(([, { address, transactionHash }]) => [
      { method: "eth_getCode", params: [address, "latest"] },
      { method: "eth_getTransactionByHash", params: [transactionHash] },
    ]),
  ]);
  const genesisHash = readBlock(valueOf(genesis, "eth_getBlockByNumber")).hash;
  const isOtherChain = chain !== undefined && chain.genesisHash !== genesisHash;
  return Promise.all(
    entries.map(async ([name, record], index): Promise<Status> => {
      const code = readHex(valueOf(answers[2 * index], "eth_getCode"), "code");
      const transaction = valueOf(answers[2 * index + 1], "eth_getTransactionByHash");
      const input =
        isRecord(transaction) && typeof transaction["input"] === "string" ? transaction["input"] : undefined;
      const { address } = record;
      const onChain = await compareWithChain(record, code, input, encodeArgs, isOtherChain);
      if (onChain !== undefined) return { name, address, ...onChain };
      const detail = await compareWithSource(record, records, buildOf);
      return { name, address, verdict: detail === undefined ? "current" : "changed in source", detail };
    }),
  );
}

async function compareWithChain(
  record: DeploymentRecord,
  code: string,
  input: string | undefined,
  encodeArgs: CompareOptions["encodeArgs"],
  isOtherChain: boolean,
): Promise<{ verdict: Verdict; detail: string } | undefined> {
  if (isOtherChain)
    return { verdict: "missing on chain", detail: "this is another chain than the recorded one: its genesis differs" };
  if (code === "0x") return { verdict: "missing on chain", detail: "no code stands at the address" };
  if (!isSameCode(record.deployedBytecode, code))
    return { verdict: "different code", detail: "the code at the address is not the recorded one" };
  // The transaction may be pruned; the code was compared already.
  if (input === undefined) return undefined;
  const expected = `${record.bytecode}${await encodeArgs(record)}`;
  if (input.toLowerCase() === expected.toLowerCase()) return undefined;
  return { verdict: "different code", detail: "it was created with other code or arguments than the recorded ones" };
}

async function compareWithSource(
  record: DeploymentRecord,
  records: ReadonlyMap<string, DeploymentRecord>,
  buildOf: CompareOptions["buildOf"],
): Promise<string | undefined> {
  const { contractName, sourceName } = record.metacoin;
  const build = await buildOf(record);
  if (build === undefined) return `${sourceName} has no ${contractName} any more`;
  if (withoutMetadata(build.bytecode) !== withoutMetadata(record.bytecode)) return "the sources compile to other code";
  for (const [library, address] of Object.entries(record.libraries)) {
    const current = records.get(library);
    if (current !== undefined && current.address !== address)
      return `it is linked to ${library} at ${address}; now that is ${current.address}`;
  }
  return undefined;
}
