// How many calls the reader of logs makes beyond what an endpoint's hidden limit asks for, and how long bundling takes.
//
//   node bench/etl/calls.ts
import { bundlePipeline } from "../../src/etl/package/bundle.ts";
import { findPipeline, type Pipeline } from "../../src/etl/pipelines.ts";
import { createLimits } from "../../src/etl/transfers/limits.ts";
import { readLogs } from "../../src/etl/transfers/read-logs.ts";
import { lengthOf, type Range, type Refusal } from "../../src/etl/transfers/refusal.ts";
import { fakeEndpoint, unevenBlocks } from "../../test/helpers/etl/fake-endpoint.ts";

import { median, report } from "./report.ts";

const whole = { from: 0, to: 399_999 };
type Case = readonly [
  name: string,
  logsIn: (block: number) => number,
  refuse: (range: Range, logs: number) => Refusal | undefined,
  ideal: number,
];
const byBlocks = (limit: number, message: string): Case => [
  `${String(limit)} blocks: "${message}"`,
  () => 0,
  (range) => (lengthOf(range) > limit ? { message } : undefined),
  Math.ceil(lengthOf(whole) / limit),
];
const byLogs = (limit: number, message: string): Case => [
  `${String(limit)} logs: "${message}"`,
  () => 10,
  (_, logs) => (logs > limit ? { message } : undefined),
  Math.ceil((lengthOf(whole) * 10) / limit),
];
const byUnevenLogs = (mean: number, spread: number): Case => [
  `5000 logs, blocks of ${String(mean)} ± ${String(spread * 100)} %: "Response is too big"`,
  unevenBlocks(mean, spread),
  (_, logs) => (logs > 5_000 ? { message: "Response is too big" } : undefined),
  Math.ceil((lengthOf(whole) * mean) / 5_000),
];
const cases: readonly Case[] = [
  ...[500, 800, 1000, 2000, 3333].map((limit) => byBlocks(limit, "block range is too wide")),
  byBlocks(1000, "block range exceeds 1000"),
  byLogs(5_000, "Response is too big"),
  byLogs(10_000, "query returned more than 10000 results"),
  byUnevenLogs(15, 0.3),
];
const rows: string[][] = [["hidden limit", "calls", "ideal", "refused", "extra"]];
for (const [name, logsIn, refuse, ideal] of cases) {
  const endpoint = fakeEndpoint(logsIn, refuse);
  await readLogs({
    request: endpoint.request,
    address: "0x",
    topic: "0x",
    gaps: [whole],
    limits: createLimits("0x"),
    sleep: async () => undefined,
    onLogs: async () => undefined,
  });
  const { asked, refused } = endpoint;
  const extra = `${((asked.length / ideal - 1) * 100).toFixed(1)} %`;
  rows.push([name, String(asked.length), String(ideal), String(refused.length), extra]);
}
report("400,000 blocks", rows);

const headlines = findPipeline("headlines");
const { deadLetter: _, ...three } = headlines.handlers;
const pipeline: Pipeline = { ...headlines, handlers: three };
const times: number[] = [];
for (let run = 0; run < 11; run += 1) {
  const from = performance.now();
  await bundlePipeline(pipeline);
  times.push(performance.now() - from);
}
console.log("");
report("Bundles of three handlers", [
  ["the first", `${(times[0] ?? 0).toFixed(0)} ms`],
  ["median of ten more", `${median(times.slice(1)).toFixed(0)} ms`],
  ["fastest", `${Math.min(...times).toFixed(0)} ms`],
]);
process.exit(0);
