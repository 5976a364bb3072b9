import { cpus } from "node:os";

import { type ChainName, chains, phaseMs } from "./chain.ts";
import type { Sample } from "./measure.ts";
import type { Suite, ToolName } from "./tools.ts";

type Column = { readonly chain: ChainName; readonly suite: Suite };

const titles: Readonly<Record<ToolName, string>> = {
  bare: "bare ethers, pipelined (the limit)",
  ours: "**`hardhat deploy`, here**",
  ignition: "Ignition, 1 confirmation",
  "ignition-default": "Ignition, default",
  "hardhat-deploy": "hardhat-deploy",
};

const suites = { metacoin: "MetaCoin", twenty: "20" } as const;

const columns = (["instant", "2s", "12s"] as const).flatMap((chain) =>
  (["metacoin", "twenty"] as const).map((suite): Column => ({ chain, suite })),
);

/** The tables of README.md, from what was measured and nothing else. */
export function report(samples: readonly Sample[], versions: string): string {
  const fresh = samples.filter(({ kind }) => kind === "fresh");
  const again = samples.filter(({ kind }) => kind === "again");
  const header = columns.map(({ chain, suite }) => `${chains[chain].title}: ${suites[suite]}`);
  const seconds = rows(fresh, (found, column) => {
    const ours = median(pick(fresh, "ours", column), "seconds");
    return `${median(found, "seconds").toFixed(2)} (${(median(found, "seconds") / ours).toFixed(1)} ×)`;
  });
  const calls = rows(fresh, (found) => median(found, "calls").toFixed(0));
  const swing = rows(fresh, (found) => {
    const sorted = found.map((sample) => sample.seconds).toSorted((one, other) => one - other);
    return `${(sorted[0] ?? 0).toFixed(2)}–${(sorted.at(-1) ?? 0).toFixed(2)} (${String(found.length)})`;
  });
  const idle = rows(
    again,
    (found) => `${median(found, "seconds").toFixed(2)} s, ${median(found, "calls").toFixed(0)} calls`,
    columns.slice(0, 2),
  );
  const now = `${new Date().toISOString().slice(0, 16).replace("T", " ")} UTC`;
  return [
    `${now}; Node ${process.versions.node}, ${cpus()[0]?.model ?? ""}, ${String(cpus().length)} cores; ${versions}.`,
    `Where blocks come by the clock, each run starts ${String(phaseMs)} ms after one.`,
    "",
    "Seconds of the whole process, medians; in parentheses the ratio to ours:",
    "",
    table(["", ...header], seconds),
    "",
    "HTTP calls, medians (a batch is one):",
    "",
    table(["", ...header], calls),
    "",
    "Run again with nothing to do, on the instant chain:",
    "",
    table(["", "MetaCoin", "20"], idle),
    "",
    "The quickest and the slowest run in seconds, and in parentheses the number of runs:",
    "",
    table(["", ...header], swing),
    "",
    "What we aim at:",
    "",
    table(["", "aim", "measured", "", "bare ethers"], goals(fresh, again)),
  ].join("\n");
}

function rows(
  samples: readonly Sample[],
  cell: (found: readonly Sample[], column: Column) => string,
  over: readonly Column[] = columns,
): readonly (readonly string[])[] {
  const tools = (Object.keys(titles) as ToolName[]).filter((tool) => samples.some((sample) => sample.tool === tool));
  return tools.map((tool) => [
    titles[tool],
    ...over.map((column) => {
      const found = pick(samples, tool, column);
      return found.length === 0 ? "–" : cell(found, column);
    }),
  ]);
}

function goals(fresh: readonly Sample[], again: readonly Sample[]): readonly (readonly string[])[] {
  const goal = (from: readonly Sample[], column: Column, what: string, most: number, figure: "seconds" | "calls") => {
    const measured = median(pick(from, "ours", column), figure);
    const digits = figure === "seconds" ? 2 : 0;
    const verdict = Number.isNaN(measured) ? "not measured" : measured <= most ? "met" : "missed";
    const limit = median(pick(from, "bare", column), figure);
    return [
      what,
      `≤ ${String(most)}`,
      measured.toFixed(digits),
      verdict,
      Number.isNaN(limit) ? "–" : limit.toFixed(digits),
    ];
  };
  const both = (["metacoin", "twenty"] as const).flatMap((suite) => [
    goal(fresh, { chain: "12s", suite }, `${suites[suite]}, 12 s blocks, 100 ms: seconds`, 11.8, "seconds"),
    goal(fresh, { chain: "instant", suite }, `${suites[suite]}, instant: seconds`, 0.7, "seconds"),
    goal(again, { chain: "instant", suite }, `${suites[suite]}, nothing to do: seconds`, 0.6, "seconds"),
  ]);
  const calls = (["instant", "2s", "12s"] as const).map((chain) =>
    goal(fresh, { chain, suite: "twenty" }, `20, ${chains[chain].title}: HTTP calls`, 50, "calls"),
  );
  return [...both, ...calls];
}

function pick(samples: readonly Sample[], tool: ToolName, { chain, suite }: Column): readonly Sample[] {
  return samples.filter((sample) => sample.tool === tool && sample.chain === chain && sample.suite === suite);
}

function median(samples: readonly Sample[], figure: "seconds" | "calls"): number {
  const sorted = samples.map((sample) => sample[figure]).toSorted((one, other) => one - other);
  const middle = sorted.length / 2;
  const [low, high] = [sorted[Math.ceil(middle) - 1] ?? Number.NaN, sorted[Math.floor(middle)] ?? Number.NaN];
  return (low + high) / 2;
}

function table(header: readonly string[], lines: readonly (readonly string[])[]): string {
  const rule = header.map((_, index) => (index === 0 ? "---" : "---:"));
  return [header, rule, ...lines].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}
