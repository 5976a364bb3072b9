// 20,000 Transfer logs of anvil, read to a CSV file: our pipeline beside ethers queryFilter and viem getLogs.
//
//   node bench/etl/transfers.ts [runs]
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

import { Contract, JsonRpcProvider } from "ethers";
import { createPublicClient, http, parseAbiItem } from "viem";

import { createContext } from "../../src/etl/context.ts";
import { handler as assemble } from "../../src/etl/transfers/assemble.ts";
import { handler as extract } from "../../src/etl/transfers/extract.ts";
import { handler as plan } from "../../src/etl/transfers/plan.ts";
import { coin, startTransferChain, transfersInput } from "../../test/helpers/etl/transfers.ts";

import { median, report } from "./report.ts";

const runs = Number(process.argv[2] ?? 7);
const event = "event Transfer(address indexed from, address indexed to, uint256 value)";
const chain = await startTransferChain();
try {
  for (let block = 0; block < 200; block += 1) await chain.emit(100);
  const head = await chain.head();
  const contract = new Contract(coin, [event], new JsonRpcProvider(chain.url, undefined, { cacheTimeout: -1 }));
  // viem refuses answers above 10 MiB unless it is told otherwise.
  const client = createPublicClient({ transport: http(chain.url, { maxResponseBodySize: 1e9, timeout: 60_000 }) });
  const item = parseAbiItem(event);
  const subjects: Record<string, () => Promise<number>> = {
    "ethers queryFilter": async () => (await contract.queryFilter("Transfer", 0, head)).length,
    "viem getLogs": async () =>
      (await client.getLogs({ address: coin, event: item, fromBlock: 0n, toBlock: BigInt(head) })).length,
    "ours: plan, extract, CSV file, synced": async () => {
      const folder = await mkdtemp(join(tmpdir(), "bench-"));
      const env = { RPC_URL: chain.url, DATA_URL: pathToFileURL(`${folder}/`).href };
      const context = createContext(env, () => undefined);
      const { job, pieces } = await plan(transfersInput(head), context);
      for (const piece of pieces) await extract({ job, piece }, context);
      const made = await assemble({ job }, context);
      await rm(folder, { recursive: true, force: true });
      return made.canonical ? made.rows : 0;
    },
    "anvil's answer alone (fetch, no parsing)": async () => {
      const params = [{ address: coin, fromBlock: "0x0", toBlock: `0x${head.toString(16)}` }];
      const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "eth_getLogs", params });
      const answer = await fetch(chain.url, { method: "POST", headers: { "content-type": "application/json" }, body });
      return (await answer.arrayBuffer()).byteLength > 0 ? 20_000 : 0;
    },
  };
  const times = new Map(Object.keys(subjects).map((name) => [name, [] as number[]]));
  for (let run = 0; run <= runs; run += 1)
    for (const [name, subject] of Object.entries(subjects)) {
      const from = performance.now();
      const count = await subject();
      if (count !== 20_000) throw new Error(`${name} found ${String(count)} logs`);
      // The first round warms up.
      if (run > 0) times.get(name)?.push(performance.now() - from);
    }
  const ours = times.get("ours: plan, extract, CSV file, synced") ?? [];
  report(`20,000 logs in 200 blocks, ${String(runs)} runs in turn`, [
    ["", "median", "ratio", "fastest", "ratio"],
    ...[...times].map(([name, ms]) => [
      name,
      `${median(ms).toFixed(0)} ms`,
      `${(median(ms) / median(ours)).toFixed(1)} ×`,
      `${Math.min(...ms).toFixed(0)} ms`,
      `${(Math.min(...ms) / Math.min(...ours)).toFixed(1)} ×`,
    ]),
  ]);
} finally {
  await chain.stop();
}
