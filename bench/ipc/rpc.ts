// What the dialects of `--transport rpc` cost beside a bare node:net echo: node bench/ipc/rpc.ts
//
// Both ends of everything run on one core (taskset), a round measures each in turn, and the median of the rounds counts.
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

import { Wallet } from "ethers";
import { z } from "zod";

import { createClient } from "../../src/ipc/client.ts";
import { createAnswer, method } from "../../src/ipc/dispatch.ts";
import { rpc } from "../../src/ipc/rpc/index.ts";

const rounds = 9;
const calls = 2000;
const inFlight = 64;
const text = "x".repeat(64);
const protocols = ["json", "http", "rest", "xml", "grpc"];
const self = fileURLToPath(import.meta.url);

const titles: Readonly<Record<string, string>> = {
  "node:net": "bare node:net",
  json: "JSON-RPC on a socket",
  http: "JSON-RPC over HTTP",
  rest: "REST",
  xml: "XML-RPC",
  grpc: "gRPC unary",
};

type Subject = { readonly name: string; readonly call: () => Promise<unknown>; readonly close: () => Promise<void> };

const [, , role, folder = ""] = process.argv;
if (role === "serve") await serve(folder);
else if (role === "measure") await measure();
else
  process.exitCode =
    spawnSync("taskset", ["-c", "1", process.execPath, self, "measure"], { stdio: "inherit" }).status ?? 1;

/** A bare echo, and the same echo behind each dialect, with its schema and a deadline of 30 s. */
async function serve(folder: string): Promise<void> {
  const raw = createServer((socket) => socket.pipe(socket));
  raw.listen(join(folder, "raw.sock"));
  await once(raw, "listening");
  const echo = method({
    summary: "Its argument",
    names: ["text"],
    params: z.tuple([z.string()]),
    run: ([text]) => text,
  });
  const { answer } = createAnswer(new Map([["echo", echo]]));
  for (const protocol of protocols)
    await rpc.listen({ endpoint: { folder, path: join(folder, `${protocol}.sock`), protocol }, answer });
  process.stdout.write("ready\n");
}

async function measure(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "bench-rpc-"));
  const server = spawn(process.execPath, [self, "serve", folder], { stdio: ["ignore", "pipe", "inherit"] });
  await once(createInterface({ input: server.stdout }), "line");
  const subjects = [await openRaw(join(folder, "raw.sock"))];
  for (const protocol of protocols) subjects.push(await openRpc(folder, protocol));
  const latencies = new Map(subjects.map(({ name }) => [name, [] as number[]]));
  const costs = new Map(subjects.map(({ name }) => [name, [] as number[]]));
  for (let round = -1; round < rounds; round++)
    for (const { name, call } of subjects) {
      const latency = await roundTrip(call);
      const cost = name === "node:net" ? 0 : await pipelined(call, server);
      // The first round warms up.
      if (round < 0) continue;
      latencies.get(name)?.push(latency);
      costs.get(name)?.push(cost);
    }
  for (const { close } of subjects) await close();
  server.kill("SIGKILL");
  rmSync(folder, { recursive: true });
  report(latencies, costs, await signing());
}

async function openRaw(path: string): Promise<Subject> {
  const socket = connect(path);
  await once(socket, "connect");
  const bytes = Buffer.from(text);
  let resolve: () => void = () => undefined;
  let received = 0;
  socket.on("data", (chunk: Buffer) => {
    received += chunk.length;
    if (received < bytes.length) return;
    received = 0;
    resolve();
  });
  const call = () =>
    new Promise<void>((done) => {
      resolve = done;
      socket.write(bytes);
    });
  return { name: "node:net", call, close: () => end(socket) };
}

async function end(socket: Socket): Promise<void> {
  socket.destroy();
  await Promise.resolve();
}

async function openRpc(folder: string, protocol: string): Promise<Subject> {
  const connection = await rpc.connect({ endpoint: { folder, path: join(folder, `${protocol}.sock`), protocol } });
  const client = createClient(connection);
  return { name: protocol, call: () => client.call("echo", [text]), close: () => connection.close() };
}

/** Microseconds from a call to its reply, one at a time. */
async function roundTrip(call: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  for (let at = 0; at < calls; at++) await call();
  return ((performance.now() - started) * 1000) / calls;
}

/** Microseconds of both processes' CPU a call, with 64 on their way. */
async function pipelined(call: () => Promise<unknown>, server: ChildProcess): Promise<number> {
  const before = process.cpuUsage();
  const serverBefore = cpuOf(server);
  const worker = async () => {
    for (let at = 0; at < calls / inFlight; at++) await call();
  };
  await Promise.all(Array.from({ length: inFlight }, worker));
  const { user, system } = process.cpuUsage(before);
  return (user + system + cpuOf(server) - serverBefore) / (Math.ceil(calls / inFlight) * inFlight);
}

/** User and system time of a process in microseconds, from its clock ticks of 10 ms. */
function cpuOf({ pid = 0 }: ChildProcess): number {
  const { stdout } = spawnSync("cat", [`/proc/${String(pid)}/schedstat`]);
  return Number(stdout.toString().split(" ")[0]) / 1000;
}

/** What signing itself costs, beside which a call is small. */
async function signing(): Promise<number> {
  const wallet = Wallet.createRandom();
  const transaction = { type: 2, chainId: 11155111, nonce: 1, to: wallet.address, gasLimit: 21_000n, maxFeePerGas: 1n };
  const samples: number[] = [];
  for (let at = 0; at < 200; at++) {
    const started = performance.now();
    await wallet.signTransaction(transaction);
    samples.push((performance.now() - started) * 1000);
  }
  return median(samples);
}

function median(samples: readonly number[]): number {
  return samples.toSorted((one, other) => one - other)[Math.floor(samples.length / 2)] ?? Number.NaN;
}

function report(latencies: Map<string, number[]>, costs: Map<string, number[]>, signingUs: number): void {
  const base = median(latencies.get("node:net") ?? []);
  const rows = [...latencies].map(([name, samples]) => {
    const us = median(samples);
    const cost = median(costs.get(name) ?? []);
    const perCall = name === "node:net" ? "–" : cost.toFixed(1);
    return `| ${titles[name] ?? name} | ${us.toFixed(1)} | ${(us / base).toFixed(2)} | ${perCall} |`;
  });
  const json = median(latencies.get("json") ?? []);
  const lines = [
    "# The rpc dialects beside a bare echo",
    "",
    "`node bench/ipc/rpc.ts`: a text of 64 bytes to a server in another process and back, over a unix socket. Every dialect checks a schema and holds a deadline on both sides;",
    `the bare echo does neither. Both processes on one core (\`taskset -c 1\`), ${String(rounds)} interleaved rounds of ${String(calls)} calls, medians.`,
    `CPU is that of both processes for a call with ${String(inFlight)} on their way.`,
    "",
    "| | round trip, µs | × node:net | CPU a call, µs |",
    "| --- | --: | --: | --: |",
    ...rows,
    "",
    `Signing a transaction (ethers, secp256k1 in JavaScript) took ${signingUs.toFixed(0)} µs in the same run, so asking a signer over JSON-RPC adds ${((json / signingUs) * 100).toFixed(0)} %.`,
    "",
    `${new Date().toISOString().slice(0, 10)}, Node ${process.version}, ${cpus()[0]?.model ?? "?"}, ${String(cpus().length)} cores, load average ${(loadavg()[0] ?? 0).toFixed(1)}: on a busy machine the ratios of the round trip are worth less than the CPU.`,
    "",
  ];
  writeFileSync(new URL("rpc.md", import.meta.url), lines.join("\n"));
  process.stdout.write(lines.join("\n"));
}
