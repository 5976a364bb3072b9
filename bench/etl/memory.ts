// A million Transfer rows from an endpoint to files: peak memory and time, every format in a process of its own.
//
//   node bench/etl/memory.ts [rows]
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { AddressInfo } from "node:net";

import { createContext } from "../../src/etl/context.ts";
import { heapLimits } from "../../src/etl/run/handlers.ts";
import { handler as assemble } from "../../src/etl/transfers/assemble.ts";
import { handler as extract } from "../../src/etl/transfers/extract.ts";
import { handler as plan } from "../../src/etl/transfers/plan.ts";
import { coin, transfersInput } from "../../test/helpers/etl/transfers.ts";

import { report } from "./report.ts";

const perBlock = 100;
const rows = Number(process.argv[2] ?? 1_000_000);
const format = process.argv[3];
const blocks = rows / perBlock;

if (format === undefined) {
  const found: string[][] = [["format", "rows", "file", "peak memory", "time"]];
  for (const each of ["csv", "jsonl", "parquet"]) {
    const server = await serveLogs();
    const { port } = server.address() as AddressInfo;
    const child = spawn(process.execPath, [...heapLimits, fileURLToPath(import.meta.url), String(rows), each], {
      env: { ...process.env, RPC_URL: `http://127.0.0.1:${String(port)}` },
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [line] = await Promise.all([text(child.stdout), once(child, "close")]);
    found.push(line.trim().split("\t"));
    server.close();
    server.closeAllConnections();
  }
  report(`${rows.toLocaleString("en")} rows, extraction and file`, found);
} else await measure(format as "csv" | "jsonl" | "parquet");

async function measure(each: "csv" | "jsonl" | "parquet"): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "bench-"));
  const env = { RPC_URL: process.env["RPC_URL"], DATA_URL: pathToFileURL(`${folder}/`).href };
  const context = createContext(env, () => undefined);
  const from = performance.now();
  const { job, pieces } = await plan({ ...(transfersInput(blocks, each) as object), fromBlock: 1 }, context);
  for (const piece of pieces) await extract({ job, piece }, context);
  const made = await assemble({ job }, context);
  const seconds = (performance.now() - from) / 1000;
  await rm(folder, { recursive: true, force: true });
  if (!made.canonical) throw new Error("not canonical");
  const peak = process.resourceUsage().maxRSS / 1024;
  const cells = [each, String(made.rows), `${(made.file.size / 1e6).toFixed(0)} MB`, `${peak.toFixed(0)} MiB`];
  console.log([...cells, `${seconds.toFixed(1)} s`].join("\t"));
}

/** An endpoint with `perBlock` logs in every block: in another process than what is measured. */
async function serveLogs() {
  const server = createServer((request, response) => {
    void (async () => {
      const { id, method, params } = JSON.parse(await text(request)) as { id: number; method: string; params: never[] };
      response.setHeader("content-type", "application/json");
      response.end(`{"jsonrpc":"2.0","id":${String(id)},"result":${answer(method, params)}}`);
    })();
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return server;
}

function answer(method: string, params: readonly unknown[]): string {
  if (method === "eth_chainId") return '"0x1"';
  if (method === "eth_blockNumber") return JSON.stringify(hex(blocks));
  if (method === "eth_getBlockByNumber") {
    const number = Number(params[0]);
    return JSON.stringify({ number: hex(number), hash: hash(number), parentHash: hash(number - 1) });
  }
  const [{ fromBlock, toBlock }] = params as [{ fromBlock: string; toBlock: string }];
  const logs: string[] = [];
  for (let block = Number(fromBlock); block <= Number(toBlock); block += 1)
    for (let index = 0; index < perBlock; index += 1) logs.push(log(block, index));
  return `[${logs.join(",")}]`;
}

function log(block: number, index: number): string {
  return JSON.stringify({
    address: coin,
    topics: ["0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef", hash(index), hash(block)],
    data: hash(index + 1),
    blockHash: hash(block),
    blockNumber: hex(block),
    blockTimestamp: hex(1_790_000_000 + block),
    transactionHash: hash(block * 1000 + index),
    transactionIndex: "0x0",
    logIndex: hex(index),
    removed: false,
  });
}

function hex(value: number): string {
  return `0x${value.toString(16)}`;
}

function hash(value: number): string {
  return `0x${value.toString(16).padStart(64, "0")}`;
}
