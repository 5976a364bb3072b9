// 20,000 Transfer logs of anvil, read to a CSV file: our pipeline beside ethers queryFilter and viem getLogs.
// Each subject runs in a process of its own for some seconds, so that none collects another's garbage, and none is
// measured on code that V8 dropped while others ran.
//
//   node bench/etl/transfers.ts [rounds]
import { fork } from "node:child_process";
import { once } from "node:events";
import { rmSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

import { coin, startTransferChain, transfersInput } from "../../test/helpers/etl/transfers.ts";

import { median, report } from "./report.ts";

const event = "event Transfer(address indexed from, address indexed to, uint256 value)";
const ours = "ours: plan, extract, CSV file, synced";
/** A subject's share of a round: runs to warm up, then those whose median counts; at least one of each. */
const warmUpMs = 3_000;
const countedMs = 4_000;

/** Reads all logs up to the head, and says how many there were. */
type Subject = () => Promise<number>;

/** What loads and prepares each subject, before the clock runs. */
const subjects: Record<string, (url: string, head: number) => Promise<Subject>> = {
  async "ethers queryFilter"(url, head) {
    const { Contract, JsonRpcProvider } = await import("ethers");
    const contract = new Contract(coin, [event], new JsonRpcProvider(url, undefined, { cacheTimeout: -1 }));
    return async () => (await contract.queryFilter("Transfer", 0, head)).length;
  },
  async "viem getLogs"(url, head) {
    const { createPublicClient, http, parseAbiItem } = await import("viem");
    // viem refuses answers above 10 MiB unless it is told otherwise.
    const client = createPublicClient({ transport: http(url, { maxResponseBodySize: 1e9, timeout: 60_000 }) });
    const filter = { address: coin, event: parseAbiItem(event), fromBlock: 0n, toBlock: BigInt(head) } as const;
    return async () => (await client.getLogs(filter)).length;
  },
  async [ours](url, head) {
    const { createContext } = await import("../../src/etl/context.ts");
    const { handler: plan } = await import("../../src/etl/transfers/plan.ts");
    const { handler: extract } = await import("../../src/etl/transfers/extract.ts");
    const { handler: assemble } = await import("../../src/etl/transfers/assemble.ts");
    const scratch = await mkdtemp(join(tmpdir(), "bench-"));
    process.once("exit", () => rmSync(scratch, { recursive: true }));
    let run = 0;
    return async () => {
      run += 1;
      const env = { RPC_URL: url, DATA_URL: pathToFileURL(join(scratch, String(run), "/")).href };
      const context = createContext(env, () => undefined);
      const { job, pieces } = await plan(transfersInput(head), context);
      for (const piece of pieces) await extract({ job, piece }, context);
      const made = await assemble({ job }, context);
      return made.canonical ? made.rows : 0;
    };
  },
  async "anvil's answer alone (fetch, no parsing)"(url, head) {
    const params = [{ address: coin, fromBlock: "0x0", toBlock: `0x${head.toString(16)}` }];
    const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "eth_getLogs", params });
    return async () => {
      const answer = await fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body });
      return (await answer.arrayBuffer()).byteLength > 0 ? 20_000 : 0;
    };
  },
};

const [, , first = "7", url = "", head = ""] = process.argv;
await (process.send === undefined ? compare(Number(first)) : measure(first, url, Number(head)));

/** In a subject's process: answers with the milliseconds of a run. */
async function measure(name: string, endpoint: string, last: number): Promise<void> {
  const subject = await subjects[name]?.(endpoint, last);
  if (subject === undefined) throw new RangeError(`no subject is called ${name}`);
  const runFor = async (totalMs: number) => {
    const times: number[] = [];
    for (const start = performance.now(); performance.now() - start < totalMs;) {
      const from = performance.now();
      const count = await subject();
      times.push(performance.now() - from);
      if (count !== 20_000) throw new Error(`${name} found ${String(count)} logs`);
    }
    return median(times);
  };
  await runFor(warmUpMs);
  const ms = await runFor(countedMs);
  process.send?.(ms, () => process.exit());
}

/** The same, from outside. */
async function measureApart(name: string, endpoint: string, last: number): Promise<number> {
  const child = fork(fileURLToPath(import.meta.url), [name, endpoint, String(last)]);
  const ended = once(child, "exit").then(([status]) => {
    throw new Error(`${name} ended with ${String(status)}`);
  });
  const [ms] = (await Promise.race([once(child, "message"), ended])) as [number];
  await ended.catch(() => undefined);
  return ms;
}

async function compare(rounds: number): Promise<void> {
  const chain = await startTransferChain();
  try {
    for (let block = 0; block < 200; block += 1) await chain.emit(100);
    const last = await chain.head();
    const rows = Object.keys(subjects).map((name) => ({ name, ms: [] as number[] }));
    for (let round = 0; round < rounds; round += 1)
      for (const { name, ms } of rows) ms.push(await measureApart(name, chain.url, last));
    const own = rows.find(({ name }) => name === ours)?.ms ?? [];
    report(`20,000 logs in 200 blocks, ${String(rounds)} rounds`, [
      ["", "median", "fastest", "ratio", "from", "to"],
      ...rows.map(({ name, ms }) => {
        const ratios = ms.map((time, round) => time / (own[round] ?? NaN));
        return [
          name,
          ...[median(ms), Math.min(...ms)].map((time) => `${time.toFixed(0)} ms`),
          ...[median(ratios), Math.min(...ratios), Math.max(...ratios)].map((ratio) => `${ratio.toFixed(1)} ×`),
        ];
      }),
    ]);
  } finally {
    await chain.stop();
  }
}
