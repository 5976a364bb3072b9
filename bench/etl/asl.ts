// The interpreter beside aws-local-stepfunctions: executions of the headlines machine, and a Map over 10,000 items.
//
//   node bench/etl/asl.ts [--rounds 7] [--write]    --write: the table of asl.md beside this file
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";

import { execute } from "../../src/etl/asl/execute.ts";
import { parseMachine, type Machine } from "../../src/etl/asl/parse.ts";
import type { Json } from "../../src/etl/asl/types.ts";

const { values } = parseArgs({
  options: { rounds: { type: "string", default: "7" }, write: { type: "boolean", default: false } },
});
const rounds = Number(values.rounds);
const executionsEach = 20_000;
const page = new URL("asl.md", import.meta.url);
const lambda = (name: string) => `arn:aws:lambda:us-east-1:000000000000:function:${name}`;

/** The pipeline's own definition; its Set Source takes a default in JSONata. */
const headlines = readFileSync(new URL("../../src/etl/headlines/machine.asl.json", import.meta.url), "utf8").replaceAll(
  /\$\{(\w+)\}/gu,
  (_, handler: string) => lambda(handler),
);

/** The same states without what the peer cannot do in JSONata: it runs JSONPath alone. */
const task = (name: string, next: object) => ({
  Type: "Task",
  Resource: lambda(name),
  TimeoutSeconds: 10,
  Retry: [
    { ErrorEquals: ["ThrottledError"], IntervalSeconds: 1, BackoffRate: 2, MaxAttempts: 3, JitterStrategy: "FULL" },
  ],
  Catch: [{ ErrorEquals: ["States.ALL"], ResultPath: "$.error", Next: "Not Loaded" }],
  ...next,
});
const inJsonPath = {
  StartAt: "Set Source",
  States: {
    "Set Source": { Type: "Pass", Result: "bbc-news", ResultPath: "$.source", Next: "Extract" },
    Extract: task("extract", { Next: "Transform" }),
    Transform: task("transform", { Next: "Load" }),
    Load: task("load", { End: true }),
    "Not Loaded": { Type: "Fail", Error: "NotLoaded" },
  },
};
const map = {
  StartAt: "Map",
  States: {
    Map: {
      Type: "Map",
      ItemProcessor: { StartAt: "Work", States: { Work: { Type: "Task", Resource: lambda("work"), End: true } } },
      End: true,
    },
  },
};
const items = Array.from({ length: 10_000 }, (_, index) => index);
const result = { source: "bbc-news", rows: 3 };

type Run = () => Promise<unknown>;
type Peer = new (definition: object) => {
  run: (input: Json, options: object) => { readonly result: Promise<unknown> };
};

const Peer = await installPeer();
const peerMachines = { inJsonPath: new Peer(inJsonPath), map: new Peer(map) };
const peerHandlers = {
  Extract: () => result,
  Transform: () => result,
  Load: () => result,
  Work: (input: Json) => input,
};
const onPeer =
  (machine: InstanceType<Peer>, input: Json): Run =>
  async () =>
    machine.run(input, { overrides: { taskResourceLocalHandlers: peerHandlers } }).result;

const rows = [
  ["headlines, its own definition (JSONata), executions/s", executions(ours(headlines, {})), undefined],
  [
    "headlines in JSONPath, executions/s",
    executions(ours(inJsonPath, {})),
    executions(onPeer(peerMachines.inJsonPath, {})),
  ],
  ["Map over 10,000 items, ms", milliseconds(ours(map, items)), milliseconds(onPeer(peerMachines.map, items))],
  ["the same with its 70,006 history events, ms", milliseconds(ours(map, items, () => undefined)), undefined],
] as const;

const measured = rows.map(([name]) => ({ name, here: [] as number[], peer: [] as number[] }));
for (let round = 0; round <= rounds; round += 1) {
  for (const [index, [, here, peer]] of rows.entries()) {
    const mine = await timed(here);
    const theirs = peer === undefined ? undefined : await timed(peer);
    // The first round warms up.
    if (round === 0) continue;
    measured[index]?.here.push(mine);
    if (theirs !== undefined) measured[index]?.peer.push(theirs);
  }
}
const text = render();
console.log(text);
if (values.write) {
  const [head = ""] = readFileSync(page, "utf8").split("<!-- results -->");
  writeFileSync(page, `${head}<!-- results -->\n\n${text}\n`);
}

async function timed(run: () => Promise<(seconds: number) => number>): Promise<number> {
  const start = performance.now();
  const value = await run();
  return value((performance.now() - start) / 1000);
}

/** A number of executions, one after the other, as a rate. */
function executions(run: Run) {
  return async () => {
    for (let count = 0; count < executionsEach; count += 1) await run();
    return (seconds: number) => executionsEach / seconds;
  };
}

/** One execution, as a duration. */
function milliseconds(run: Run) {
  return async () => {
    await run();
    return (seconds: number) => seconds * 1000;
  };
}

function ours(definition: string | object, input: Json, onEvent?: () => void): Run {
  const machine = machineOf(definition);
  return async () =>
    execute(machine, {
      input,
      random: Math.random,
      clock: { now: Date.now, sleep: async (ms, signal) => sleep(ms, signal) },
      invoke: async (call) => (call.stateName === "Work" ? call.input : result),
      ...(onEvent === undefined ? {} : { onEvent }),
    });
}

async function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

function machineOf(definition: string | object): Machine {
  const parsed = parseMachine(definition);
  if ("machine" in parsed) return parsed.machine;
  throw new Error(JSON.stringify(parsed.diagnostics));
}

/** Installed once, outside of the tree: it is no dependency. */
async function installPeer(): Promise<Peer> {
  const folder = join(tmpdir(), "metacoin-bench", "aws-local-stepfunctions-3.0.0");
  const entry = join(folder, "node_modules/aws-local-stepfunctions/build/main.node.esm.js");
  if (!existsSync(entry)) {
    const args = [
      "install",
      "--prefix",
      folder,
      "--ignore-scripts",
      "--no-audit",
      "--no-fund",
      "aws-local-stepfunctions@3.0.0",
    ];
    execFileSync("npm", args, { stdio: ["ignore", "ignore", "inherit"] });
  }
  const { StateMachine } = (await import(pathToFileURL(entry).href)) as { StateMachine: Peer };
  return StateMachine;
}

function render(): string {
  const table = measured.map(({ name, here, peer }) => {
    const [mine, theirs] = [median(here), peer.length === 0 ? undefined : median(peer)];
    const isRate = name.endsWith("/s");
    const ratio = theirs === undefined ? "" : `${(isRate ? mine / theirs : theirs / mine).toFixed(1)} ×`;
    const best = isRate ? Math.max(...here) : Math.min(...here);
    return `| ${name} | ${show(mine)} | ${show(best)} | ${theirs === undefined ? "-" : show(theirs)} | ${ratio} |`;
  });
  const machine = `Node ${process.version.slice(1)}, ${cpus()[0]?.model ?? "?"}, ${cpus().length} cores, load ${loadavg()[0]?.toFixed(1) ?? "?"}`;
  const when = new Date().toISOString().slice(0, 10);
  return [
    `${machine}, ${when}; medians of ${rounds} interleaved rounds, ${executionsEach.toLocaleString("en")} executions a round, one after the other.`,
    "",
    "|  | here | here, best round | aws-local-stepfunctions 3.0.0 | ratio |",
    "| --- | ---: | ---: | ---: | ---: |",
    ...table,
  ].join("\n");
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((left, right) => left - right)[Math.floor(numbers.length / 2)] ?? Number.NaN;
}

function show(value: number): string {
  return value >= 1_000 ? Math.round(value).toLocaleString("en") : value.toFixed(1);
}
