// What `npm test` runs after set-up, in order; the first failure ends it with exit code 1.
// Runs on Node >= 18: a shell may still know the old one when it has just been replaced.
//
//   node scripts/test.mjs [--check | --soak]    --check: only what reads the code, as `npm run check` does
//                                               --soak: the TypeScript tests in their long forms (hundreds of kills, gigabytes)
import { spawn } from "node:child_process";
import { readdirSync } from "node:fs";

/** @typedef {readonly [name: string, command: string, ...args: readonly (readonly string[])[]]} Step several args: side by side */

const solhint = ["--noPoster", "--max-warnings", "0"];

/** @type {Step} */
const build = ["build", "hardhat", ["build"]];

/** @type {readonly Step[]} */
const checks = [
  // The typed lint reads the types that the build generates.
  build,
  ["format", "oxfmt", ["--check", "."]],
  ["format of contracts", "prettier", ["--check", "contracts/**/*.sol"]],
  ["lint", "oxlint", []],
  ["lint of contracts", "solhint", [...solhint, "contracts/**/*.sol"]],
  ["lint of Solidity tests", "solhint", [...solhint, "-c", "contracts/.solhint.tests.json", "contracts/**/*.t.sol"]],
  ["unused code", "knip", []],
  ["strings built with +", "hardhat", ["strings", "check"]],
];

// Three processes side by side, which take about as long as each other: two processors compute while one waits for blocks.
const mocha = ["test", "mocha", "--no-compile"];
const files = readdirSync("test", { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".test.ts"))
  .map((name) => `test/${name}`)
  .sort();
const lanes = [/^test.tasks.(?:coin|deploy|doctor|gas|wallet)\b/u, /^test.(?:src|tasks).(?:etl|upload)\b/u];
const laneOf = (file) => lanes.findIndex((lane) => lane.test(file));
// A command line of Windows is too short for the names.
const sideBySide =
  process.platform === "win32"
    ? [mocha]
    : [0, 1, -1].map((lane) => [...mocha, ...files.filter((file) => laneOf(file) === lane)]);
/** A run that has told its result and does not end has left something behind. */
const endingMs = 60_000;

/** @type {readonly Step[]} */
const tests = [
  // Gas that differs from .gas-snapshot fails; meant: npx hardhat test solidity --snapshot
  ["Solidity tests", "hardhat", ["test", "solidity", "--snapshot-check"]],
  ["TypeScript tests", "hardhat", ...sideBySide],
];

/** @type {readonly Step[]} */
const soak = [build, ["TypeScript tests in their long forms", "hardhat", ...sideBySide]];

const counts = { passed: 0, failed: 0 };
const isSoak = process.argv.includes("--soak");
const steps = isSoak ? soak : process.argv.includes("--check") ? checks : [...checks, ...tests];
for (const [name, command, ...runs] of steps) {
  const started = Date.now();
  const [first, ...others] = await Promise.all(runs.map((args, at) => run(command, args, at === 0)));
  for (const { text } of others) process.stdout.write(text);
  const code = Math.max(first.code, ...others.map(({ code }) => code));
  process.stdout.write(`${code === 0 ? "ok" : "FAILED"}  ${name} (${((Date.now() - started) / 1000).toFixed(1)} s)\n`);
  if (code !== 0) {
    finish(1);
    break;
  }
}
if (process.exitCode === undefined) finish(0);

/** @param isLive shows what is printed as it comes. */
function run(command, args, isLive) {
  return new Promise((resolve, reject) => {
    const shell = process.platform === "win32";
    const child = spawn(command, args, {
      stdio: ["ignore", "pipe", "inherit"],
      shell,
      env: { ...process.env, ...(isSoak ? { SOAK: "1" } : {}) },
    });
    const parts = [];
    let late;
    child.stdout.on("data", (data) => {
      parts.push(data);
      if (isLive) process.stdout.write(data);
      if (/^\s+\d+ passing/mu.test(data.toString())) late ??= setTimeout(() => child.kill("SIGKILL"), endingMs);
    });
    child.on("error", reject).on("close", (code) => {
      clearTimeout(late);
      const text = Buffer.concat(parts).toString();
      for (const [, count, word] of text.matchAll(/^\s+(\d+) (passing|failing)/gmu))
        counts[word === "passing" ? "passed" : "failed"] += Number(count);
      resolve({ code: code ?? 1, text });
    });
  });
}

function finish(code) {
  process.stdout.write(`${counts.passed} passed, ${counts.failed} failed\n`);
  process.exitCode = code;
}
