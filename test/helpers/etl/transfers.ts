import { execute } from "../../../src/etl/asl/execute.ts";
import { toJson } from "../../../src/etl/asl/json.ts";
import { type ExecutionResult, type Json, TaskFailure } from "../../../src/etl/asl/types.ts";
import { createContext } from "../../../src/etl/context.ts";
import type { Handler, HandlerContext } from "../../../src/etl/handler.ts";
import {
  bindHandlers,
  findHandler,
  findPipeline,
  handlerOf,
  localArn,
  readDefinition,
} from "../../../src/etl/pipelines.ts";
import { machineOf, systemClock } from "../../../src/etl/run/run.ts";
import { type Anvil, startAnvil } from "../anvil.ts";

const topic = "ddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef";

/** A contract that emits as many Transfer events as its call data says: `n` counts down as recipient and value. */
const emitter = [
  "0x600035", //          n = calldata
  "5b8015603c57", //      while n is not 0:
  "80600052", //            memory = n
  `80337f${topic}`, //      topics: Transfer, caller, n
  "60206000a3", //          log
  "600190036003565b00", //  n = n - 1
].join("");

export const coin = "0x00000000000000000000000000000000c0ffee00";

export type TransferChain = Anvil & {
  /** One block with `count` transfers. */
  readonly emit: (count: number) => Promise<void>;
  readonly head: () => Promise<number>;
  /** Takes blocks off the head and puts others on. */
  readonly reorganise: (depth: number, transfers: number) => Promise<void>;
};

/** A chain with a contract whose Transfer events a test makes. */
export async function startTransferChain(): Promise<TransferChain> {
  const anvil = await startAnvil(["--gas-limit", "200000000", "--block-base-fee-per-gas", "0"]);
  await anvil.request("anvil_setCode", coin, emitter);
  const [from] = (await anvil.request("eth_accounts")) as string[];
  const emit = async (count: number) => {
    const data = `0x${count.toString(16).padStart(64, "0")}`;
    const before = await head();
    await anvil.request("eth_sendTransaction", { from, to: coin, data, gas: "0xbebc200" });
    // Mining follows the answer; the next block is asked for only when this one is there.
    for (let now = before; now === before;) now = await head();
  };
  const head = async () => Number(await anvil.request("eth_blockNumber"));
  return {
    ...anvil,
    emit,
    head,
    async reorganise(depth, transfers) {
      await anvil.request("anvil_rollback", depth);
      for (let block = 0; block <= depth; block += 1) await emit(transfers);
    },
  };
}

type RawLog = {
  readonly blockNumber: string;
  readonly transactionHash: string;
  readonly logIndex: string;
  readonly topics: readonly [string, string, string];
  readonly data: string;
};

/** What the CSV must be, from one call and no code of ours. */
export async function canonicalCsv(chain: Anvil, from: number, to: number): Promise<string> {
  const filter = { address: coin, fromBlock: `0x${from.toString(16)}`, toBlock: `0x${to.toString(16)}` };
  const logs = (await chain.request("eth_getLogs", filter)) as RawLog[];
  const rows = logs.map(({ blockNumber, transactionHash, logIndex, topics, data }) =>
    [
      Number(blockNumber),
      transactionHash,
      Number(logIndex),
      `0x${topics[1].slice(-40)}`,
      `0x${topics[2].slice(-40)}`,
      BigInt(data),
    ].join(","),
  );
  return ["block,transaction,logIndex,from,to,value", ...rows, ""].join("\r\n");
}

type InProcess = {
  readonly env: Readonly<Record<string, string>>;
  readonly fetch?: typeof fetch;
};

/** Runs a pipeline's machine with its handlers in this process: the same definition and handlers, no start-up. */
export async function runInProcess(name: string, input: Json, { env, fetch }: InProcess): Promise<ExecutionResult> {
  const pipeline = findPipeline(name);
  const definition = bindHandlers(await readDefinition(pipeline), (handler) => localArn(pipeline, handler));
  const plain = createContext(env, () => undefined);
  const context: HandlerContext = { ...plain, store: plain.store, fetch: fetch ?? globalThis.fetch };
  return execute(machineOf(definition), {
    input,
    clock: systemClock,
    random: Math.random,
    async invoke({ resource, input: event }) {
      const { source } = findHandler(pipeline, handlerOf(pipeline, resource));
      const { handler } = (await import(source.href)) as { handler: Handler };
      try {
        return toJson(await handler(event, context));
      } catch (error) {
        if (!(error instanceof Error)) throw error;
        throw new TaskFailure({ error: error.name, cause: error.message });
      }
    },
  });
}

/** The event that `etl run transfers` makes of a deployment record, for this chain. */
export function transfersInput(toBlock: number, format: "csv" | "jsonl" | "parquet" = "csv"): Json {
  return { address: coin, fromBlock: 0, toBlock, confirmations: 0, format };
}
