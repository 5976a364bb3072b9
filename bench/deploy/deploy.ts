// What a deployment takes here, with its peers, and at best; the tables of README.md.
//
//   node bench/deploy/deploy.ts [--runs 5] [--chains instant,2s,12s] [--only ours,bare,…] [--write]
//
// --runs counts for the first two chains; the one with 12 s blocks gets three fifths of it.
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

import { repository } from "../../test/helpers/project.ts";
import { type ChainName, startChain, stopChain } from "./chain.ts";
import { measure, type Sample } from "./measure.ts";
import { hardhatDeployPackages, versionOf } from "./peers.ts";
import { report } from "./report.ts";
import { type Contestant, copyContestant, makeContestants, type ToolName } from "./tools.ts";

const { values } = parseArgs({
  options: {
    runs: { type: "string", default: "5" },
    chains: { type: "string", default: "instant,2s,12s" },
    only: { type: "string", default: "bare,ours,ignition,ignition-default,hardhat-deploy" },
    write: { type: "boolean", default: false },
  },
});
const runs = Number(values.runs);
const runsOn: Readonly<Record<ChainName, number>> = { instant: runs, "2s": runs, "12s": Math.ceil(runs * 0.6) };
const asked = values.chains.split(",") as ChainName[];
const samples: Sample[] = [];
process.env["PATH"] = `${join(repository, "node_modules/.bin")}:${process.env["PATH"] ?? ""}`;

const contestants = await makeContestants(values.only.split(",") as ToolName[]);
const copies: Contestant[] = [];
try {
  const slow = asked.filter((chain) => chain !== "instant");
  const lanes = await Promise.all(planLanes(slow).map(copyLane));
  console.error("warming up");
  const all = [...contestants, ...copies];
  await runLane({ chain: "instant", rounds: 1, again: false, contestants: all }, () => undefined);
  if (asked.includes("instant")) await runLane({ chain: "instant", rounds: runs, again: true, contestants }, keep);
  const ends = await Promise.allSettled(lanes.map(startLater));
  const text = report(samples, versions());
  console.log(text);
  if (values.write) await writeReport(text);
  for (const end of ends) if (end.status === "rejected") throw end.reason;
} finally {
  for (const { project } of [...contestants, ...copies]) await project.remove();
}

type Lane = {
  readonly chain: ChainName;
  readonly rounds: number;
  /** Whether each run is followed by one with nothing to do. */
  readonly again: boolean;
  readonly contestants: readonly Contestant[];
};

/** One round after another with all contestants, on a chain of their own. */
async function runLane(
  { chain: name, rounds, again, contestants }: Lane,
  keep: (sample: Sample, round: number) => void,
): Promise<void> {
  const chain = await startChain(name);
  try {
    for (let round = 1; round <= rounds; round++) {
      for (const contestant of contestants) {
        for (const sample of await measure(chain, contestant, { again })) keep(sample, round);
      }
    }
  } finally {
    await stopChain(chain);
  }
}

/** Lanes run side by side, so each has folders of its own. */
async function copyLane(lane: Lane): Promise<Lane> {
  const own = await Promise.all(lane.contestants.map(copyContestant));
  copies.push(...own);
  return { ...lane, contestants: own };
}

/**
 * Where blocks take seconds the machine idles, so lanes run side by side: first those that take minutes, with 12 s blocks
 * a lane for each of their runs, and then everybody else in interleaved rounds.
 */
function planLanes(slow: readonly ChainName[]): readonly Lane[] {
  const long = contestants.filter(({ tool }) => tool === "ignition-default" || tool === "hardhat-deploy");
  const others = contestants.filter((contestant) => !long.includes(contestant));
  const lane = (chain: ChainName, rounds: number, contestants: readonly Contestant[]) =>
    contestants.length === 0 ? [] : [{ chain, rounds, again: false, contestants }];
  const first = slow.flatMap((chain) =>
    chain === "12s"
      ? long.flatMap((one) => Array.from({ length: runsOn[chain] }, () => lane(chain, 1, [one])).flat())
      : long.flatMap((one) => lane(chain, runsOn[chain], [one])),
  );
  return [...first, ...slow.flatMap((chain) => lane(chain, runsOn[chain], others))];
}

/** A second after the one before, so that their blocks do not come all at once. */
async function startLater(lane: Lane, index: number): Promise<void> {
  await sleep(index * 1000);
  await runLane(lane, keep);
}

function keep(sample: Sample, round: number): void {
  samples.push(sample);
  const { tool, suite, chain, kind, seconds, calls } = sample;
  const what = [chain, String(round), tool, suite, kind].join(" ");
  console.error(`${what}: ${seconds.toFixed(2)} s, ${String(calls)} calls`);
}

function versions(): string {
  const of = (name: string) => versionOf(join(repository, "node_modules", name)) ?? "not installed";
  return [
    `anvil ${of("@foundry-rs/anvil-linux-amd64")}`,
    `Hardhat ${of("hardhat")}`,
    `Ignition ${of("@nomicfoundation/hardhat-ignition")}`,
    `hardhat-deploy ${hardhatDeployPackages["hardhat-deploy"]}`,
    `ethers ${of("ethers")}`,
  ].join(", ");
}

async function writeReport(text: string): Promise<void> {
  const path = fileURLToPath(new URL("README.md", import.meta.url));
  const page = await readFile(path, "utf8");
  const results = `<!-- results -->\n\n${text}\n\n<!-- end -->`;
  await writeFile(
    path,
    page.replace(/<!-- results -->[^]*<!-- end -->/u, () => results),
  );
}
