import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { expect } from "chai";

import { mutants, mutate } from "../helpers/contracts/mutants.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** The contracts, and the tests that must notice; the invariants, which take longer, in the long form. */
const files = [
  "ConvertLib.sol",
  "MetaCoin.sol",
  "Vm.t.sol",
  "ConvertLib.t.sol",
  "MetaCoin.t.sol",
  ...(process.env["SOAK"] === "1" ? ["MetaCoinHandler.t.sol", "MetaCoinInvariants.t.sol"] : []),
];

describe("The Solidity tests", () => {
  let project: string;

  before(async () => {
    project = await mkdtemp(join(tmpdir(), "metacoin-mutants-"));
  });

  after(() => rm(project, { recursive: true }));

  it(`pass for the contracts, and fail for each of ${String(mutants.length)} wrong ones`, async function () {
    this.timeout(180_000);
    await writeProject(project);
    const failed = failedFolders(await runTests(project));
    const alive = mutants.filter((_, index) => !failed.has(`mutant${String(index)}`)).map(({ name }) => name);
    expect(alive).to.deep.equal([]);
    expect(failed.has("original")).to.equal(false);
  });
});

/** A Hardhat project with a folder a mutant, so that one build and one run test all of them. */
async function writeProject(project: string): Promise<void> {
  const path = join(root, "node_modules/solc/soljson.js");
  const config = { solidity: { version: "0.8.37", path, settings: { evmVersion: "osaka" } } };
  await writeFile(join(project, "package.json"), JSON.stringify({ type: "module" }));
  await writeFile(join(project, "hardhat.config.ts"), `export default ${JSON.stringify(config)};`);
  await symlink(join(root, "node_modules"), join(project, "node_modules"), "junction");
  await writeContracts(join(project, "contracts/original"), (_, source) => source);
  for (const [index, mutant] of mutants.entries())
    await writeContracts(join(project, `contracts/mutant${String(index)}`), (file, source) =>
      file === mutant.file ? mutate(source, mutant) : source,
    );
}

async function writeContracts(folder: string, change: (file: string, source: string) => string): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const file of files)
    await writeFile(join(folder, file), change(file, await readFile(join(root, "contracts", file), "utf8")));
}

/** What `hardhat test solidity` prints; it fails, as it should. The environment of this run names another project. */
async function runTests(project: string): Promise<string> {
  const env = Object.entries(process.env).filter(([name]) => !name.startsWith("HARDHAT_"));
  const options = { cwd: project, env: { ...Object.fromEntries(env), NO_COLOR: "1" }, maxBuffer: 2 ** 28 };
  const hardhat = join(root, "node_modules/hardhat/dist/src/cli.js");
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [hardhat, "test", "solidity"], options, (_, stdout, stderr) => {
      if (/^\s+\d+ passing$/mu.test(stdout)) resolve(stdout);
      else reject(new Error(`The tests did not run:\n${stdout.slice(0, 2_000)}${stderr.slice(0, 2_000)}`));
    });
  });
}

/** Reads the report: a suite's heading names its file, and a failure below it has a number. */
function failedFolders(report: string): Set<string> {
  const failed = new Set<string>();
  let folder = "";
  for (const line of report.split("\n")) {
    folder = /^ {2}contracts\/(?<folder>\w+)\//u.exec(line)?.groups?.["folder"] ?? folder;
    if (/^ {4}\d+\) /u.test(line)) failed.add(folder);
  }
  return failed;
}
