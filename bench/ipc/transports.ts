// The transports beside C, raw node:net and node-ipc: both ends on one core, rounds that go round all of them.
//
//   npx hardhat run bench/ipc/transports.ts [> table]      (needs the npm registry once: node-ipc goes into a temporary folder)
//   ROUNDS=15 CALLS=10000 CORE=1 are the defaults
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { compileLimits, type LimitKind } from "../../src/ipc/compare/limits.ts";
import { type MeasuringProgram, pin, startProgram } from "../../src/ipc/compare/programs.ts";

const rounds = Number(process.env["ROUNDS"] ?? 15);
const calls = Number(process.env["CALLS"] ?? 10_000);
// Before everybody else where this may be asked for (root): what else runs here is then not measured.
const prefix = [
  ...(process.getuid?.() === 0 ? ["/usr/bin/nice", "-n", "-20"] : []),
  ...pin(Number(process.env["CORE"] ?? 1)),
];
const nodeIpc = "node-ipc@14.0.0";

const peer = fileURLToPath(new URL("peer.ts", import.meta.url));
const measured = (name: string) => fileURLToPath(new URL(`../../src/ipc/compare/${name}`, import.meta.url));
const limits: readonly LimitKind[] = ["futex", "fifo", "unix"];

const folder = await mkdtemp(join(tmpdir(), "bench-"));
process.env["PEERS"] = folder;
execFileSync("npm", ["install", "--prefix", folder, "--ignore-scripts", "--no-audit", "--no-fund", nodeIpc], {
  stdio: ["ignore", 2, 2],
});

type Subject = { readonly server: MeasuringProgram; readonly client: MeasuringProgram; readonly full: boolean };

/** Bytes or frames without the contract. */
async function startPeer(kind: string): Promise<Subject> {
  const path = join(folder, kind);
  const server = startProgram(prefix, [peer, "server", kind, path]);
  await server.next();
  const client = startProgram(prefix, [peer, "client", kind, path]);
  await client.next();
  return { server, client, full: false };
}

/** Calls through the contract: id, schema, deadline, cancellation, counters. */
async function startContract(name: string, parts: object, keyed: boolean): Promise<Subject> {
  const endpoint = JSON.stringify({ folder: await mkdtemp(join(folder, `${name}-`)), ...parts });
  const key = keyed ? [randomBytes(16).toString("hex")] : [];
  const server = startProgram(prefix, [measured("server.ts"), name, endpoint, ...key]);
  await server.next();
  const client = startProgram(prefix, [measured("client.ts"), name, endpoint, ...key]);
  await client.next();
  return { server, client, full: true };
}

const subjects = new Map<string, Subject>([
  ["raw node:net, unix", await startPeer("raw")],
  ["unix, our frames", await startPeer("frames")],
  ["unix, our calls", await startContract("socket", {}, true)],
  ["unix, JSON-RPC calls", await startContract("rpc", { protocol: "json" }, false)],
  ["unix, Python's protocol, calls", await startContract("socket", { protocol: "python" }, true)],
  ["FIFO, our frames", await startPeer("fifo")],
  ["FIFO, our calls", await startContract("fifo", {}, false)],
  ["shared memory, bytes", await startPeer("shm")],
  ["shared memory, our calls", await startContract("shm", {}, false)],
  ["node-ipc 14, guarded", await startPeer("node-ipc")],
  ["gRPC unary, calls", await startContract("rpc", { protocol: "grpc" }, false)],
]);
const measureLimit = await compileLimits(folder, prefix);
const samples = new Map<string, number[]>();
const note = (key: string, value: number) => samples.set(key, [...(samples.get(key) ?? []), value]);

for (let round = 0; round <= rounds; round += 1) {
  process.stderr.write(`round ${String(round)} of ${String(rounds)}\n`);
  for (const [name, { client, server, full }] of subjects) {
    const count = name.startsWith("gRPC") ? calls / 5 : calls;
    const trip = JSON.parse(await client.ask(`rtt ${String(count)}`)) as number | { microseconds: number };
    const cpu = full ? await fullCpu(client, count) : await peerCpu(client, server, count);
    if (round === 0) continue;
    note(`${name} rtt`, typeof trip === "number" ? trip : trip.microseconds);
    note(`${name} cpu`, cpu);
  }
  for (const kind of limits)
    if (round > 0 && measureLimit !== undefined) note(`C ${kind}`, await measureLimit(kind, calls * 3));
}

async function fullCpu(client: MeasuringProgram, count: number): Promise<number> {
  return (JSON.parse(await client.ask(`pipe ${String(count)}`)) as { cpuMicroseconds: number }).cpuMicroseconds;
}

async function peerCpu(client: MeasuringProgram, server: MeasuringProgram, count: number): Promise<number> {
  const used = async () => Number(await client.ask("cpu")) + Number(await server.ask("cpu"));
  const before = await used();
  await client.ask(`pipe ${String(count)}`);
  return ((await used()) - before) / count;
}

const median = (key: string) =>
  (samples.get(key) ?? []).toSorted((a, b) => a - b)[Math.floor(rounds / 2)] ?? Number.NaN;
/** The median of the rounds' own ratios: what disturbs a round disturbs both. */
const ratio = (a: string, b: string) => {
  const ratios = (samples.get(a) ?? []).map((value, round) => value / (samples.get(b)?.[round] ?? Number.NaN));
  return (ratios.toSorted((x, y) => x - y)[Math.floor(rounds / 2)] ?? Number.NaN).toFixed(2);
};

const raw = "raw node:net, unix";
/** The same of the least disturbed rounds. */
const best = (a: string, b: string) =>
  (Math.min(...(samples.get(a) ?? [])) / Math.min(...(samples.get(b) ?? []))).toFixed(2);
const both = (a: string, b: string) => `${ratio(a, b)} (${best(a, b)})`;
const lines = [
  `${new Date().toISOString().slice(0, 10)}, ${cpus()[0]?.model ?? ""}, ${String(cpus().length)} cores, Node ${process.version}; ${String(rounds)} rounds of ${String(calls)} messages of 64 bytes, medians.`,
  "",
  "| | round trip, µs | × raw node:net | CPU a pipelined message, µs | × raw |",
  "| --- | --: | --: | --: | --: |",
  ...[...subjects.keys()].map(
    (name) =>
      `| ${name} | ${median(`${name} rtt`).toFixed(1)} | ${ratio(`${name} rtt`, `${raw} rtt`)} | ${median(`${name} cpu`).toFixed(2)} | ${ratio(`${name} cpu`, `${raw} cpu`)} |`,
  ),
  ...limits.map(
    (kind) => `| C, ${kind} | ${median(`C ${kind}`).toFixed(1)} | ${ratio(`C ${kind}`, `${raw} rtt`)} | | |`,
  ),
  "",
  "| aim | target | median of ratios (best rounds) |",
  "| --- | --- | --- |",
  `| unix binary / raw node:net | ≤ 1.15, CPU ≤ 0.30 | ${both("unix, our frames rtt", `${raw} rtt`)}, CPU ${both("unix, our frames cpu", `${raw} cpu`)} |`,
  `| JSON-RPC with schema and deadline / raw node:net | ≤ 1.6 | ${both("unix, JSON-RPC calls rtt", `${raw} rtt`)} |`,
  `| FIFO / C FIFO | ≤ 3.8 | frames ${both("FIFO, our frames rtt", "C fifo")}, calls ${both("FIFO, our calls rtt", "C fifo")} |`,
  `| shared memory + futex / C futex | ≤ 2.0 | bytes ${both("shared memory, bytes rtt", "C futex")}, calls ${both("shared memory, our calls rtt", "C futex")} |`,
  `| Python protocol / raw node:net | ≤ 1.4 | ${both("unix, Python's protocol, calls rtt", `${raw} rtt`)} |`,
  `| against node-ipc guarded | ≤ 0.9 RTT, ≤ 0.2 CPU | frames ${both("unix, our frames rtt", "node-ipc 14, guarded rtt")}, CPU ${both("unix, our frames cpu", "node-ipc 14, guarded cpu")}; calls ${both("unix, our calls rtt", "node-ipc 14, guarded rtt")}, CPU ${both("unix, our calls cpu", "node-ipc 14, guarded cpu")} |`,
];
process.stdout.write(`${lines.join("\n")}\n`);
for (const { client, server } of subjects.values()) await Promise.all([client.end(), server.end()]);
await rm(folder, { recursive: true });
