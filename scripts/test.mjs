// What `npm test` runs after set-up, in order; the first failure ends it with exit code 1.
//
//   node scripts/test.mjs [--check | --soak]    --check: only what reads the code, as `npm run check` does
//                                               --soak: the TypeScript tests in their long forms (hundreds of kills, gigabytes)
import { spawn } from "node:child_process";

/** @typedef {readonly [name: string, command: string, args: readonly string[]]} Step */

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

/** @type {readonly Step[]} */
const tests = [
  // Gas that differs from .gas-snapshot fails; meant: npx hardhat test solidity --snapshot
  ["Solidity tests", "hardhat", ["test", "solidity", "--snapshot-check"]],
  ["TypeScript tests", "hardhat", ["test", "mocha", "--no-compile"]],
];

/** @type {readonly Step[]} */
const soak = [build, ["TypeScript tests in their long forms", "hardhat", ["test", "mocha", "--no-compile"]]];

const counts = { passed: 0, failed: 0 };
const isSoak = process.argv.includes("--soak");
const steps = isSoak ? soak : process.argv.includes("--check") ? checks : [...checks, ...tests];
for (const [name, command, args] of steps) {
  const started = Date.now();
  const code = await run(command, args);
  process.stdout.write(`${code === 0 ? "ok" : "FAILED"}  ${name} (${((Date.now() - started) / 1000).toFixed(1)} s)\n`);
  if (code !== 0) {
    finish(1);
    break;
  }
}
if (process.exitCode === undefined) finish(0);

function run(command, args) {
  return new Promise((resolve, reject) => {
    const shell = process.platform === "win32";
    const child = spawn(command, args, {
      stdio: ["ignore", "pipe", "inherit"],
      shell,
      env: { ...process.env, ...(isSoak ? { SOAK: "1" } : {}) },
    });
    child.stdout.on("data", (data) => {
      process.stdout.write(data);
      for (const [, count, word] of data.toString().matchAll(/^\s+(\d+) (passing|failing)/gmu))
        counts[word === "passing" ? "passed" : "failed"] += Number(count);
    });
    child.on("error", reject).on("close", (code) => resolve(code ?? 1));
  });
}

function finish(code) {
  process.stdout.write(`${counts.passed} passed, ${counts.failed} failed\n`);
  process.exitCode = code;
}
