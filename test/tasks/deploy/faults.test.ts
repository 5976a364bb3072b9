import { expect } from "chai";
import { execFileSync } from "node:child_process";
import { appendFile, mkdir, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { type Anvil, startAnvil } from "../../helpers/anvil.ts";
import { atRandom, type FaultyProxy, seededRandom, startFaultyProxy } from "../../helpers/faulty-proxy.ts";
import { creationsBy, expectExactlyOnce } from "../../helpers/oracle.ts";
import type { Finished, Project } from "../../helpers/project.ts";
import { makeChain } from "../../helpers/suite.ts";
import { fund, type Funded } from "../../helpers/wallet.ts";

const count = 6;
const kills = process.env["SOAK"] === "1" ? 100 : 6;

/** Until the condition holds; the test's own time limit ends it otherwise. */
async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await sleep(20);
}

describe("hardhat deploy, whatever happens", function () {
  this.timeout(240_000);
  let template: Project;
  let project: Project;
  let anvil: Anvil;
  let proxy: FaultyProxy;
  let wallet: Funded;
  let written: Finished[];

  before(async () => {
    template = await makeChain(count);
    await template.build();
  });

  after(() => template.remove());

  beforeEach(async () => {
    project = await template.copy();
    written = [];
  });

  afterEach(async () => {
    await expectNoSecrets();
    await proxy.close();
    await anvil.stop();
    await project.remove();
  });

  async function start(args: readonly string[] = ["--block-time", "1"]): Promise<void> {
    anvil = await startAnvil(args);
    proxy = await startFaultyProxy(anvil.url);
    wallet = await fund(anvil);
  }

  const environment = () => ({ MNEMONIC: wallet.mnemonic, SEPOLIA_URL: proxy.url });
  const folder = () => join(project.folder, "deployments/sepolia");

  async function deploy(args: readonly string[] = []): Promise<Finished> {
    const finished = await project.run(["deploy", "--network", "sepolia", "--yes", ...args], environment());
    written.push(finished);
    return finished;
  }

  async function deployWhole(args: readonly string[] = []): Promise<Finished> {
    const finished = await deploy(args);
    expect(finished.code, finished.stderr).to.equal(0);
    return finished;
  }

  /** Everything that was signed waits in the node's pool. */
  const allPending = () =>
    until(async () => Number(await anvil.request("eth_getTransactionCount", wallet.address, "pending")) >= count);

  const exactlyOnce = () => expectExactlyOnce(anvil, wallet.address, folder(), count);

  /** The mnemonic, the key and the key in the URL are in nothing that was written. */
  async function expectNoSecrets(): Promise<void> {
    const files = await readdir(join(project.folder, "deployments"), { recursive: true, withFileTypes: true }).catch(
      () => [],
    );
    const texts = await Promise.all(
      files.filter((file) => file.isFile()).map((file) => readFile(join(file.parentPath, file.name), "utf8")),
    );
    const everything = [...texts, ...written.flatMap(({ stdout, stderr }) => [stdout, stderr])].join("\n");
    expect(everything.length).to.be.greaterThan(0);
    for (const secret of [wallet.mnemonic, wallet.privateKey.slice(2), "api-key-0f9e8d7c6b5a"])
      expect(everything).not.to.contain(secret);
  }

  it(`goes on after kill -9 at ${String(kills)} random instants`, async function () {
    this.timeout(kills * 40_000);
    await start(["--block-time", "1"]);
    const random = seededRandom(20261122);
    const begun = Date.now();
    await deployWhole();
    const wholeMs = Date.now() - begun;
    await exactlyOnce();
    for (let kill = 0; kill < kills; kill++) {
      await project.remove();
      project = await template.copy();
      wallet = await fund(anvil);
      const { child, finished } = project.start(["deploy", "--network", "sepolia", "--yes"], environment());
      await sleep(wholeMs * (0.2 + 0.75 * random()));
      child.kill("SIGKILL");
      written.push(await finished);
      await deployWhole();
      await exactlyOnce();
    }
  });

  for (const [rate, seed] of [
    [0.2, 1],
    [0.5, 2],
  ] as const) {
    it(`finishes in one run with ${String(rate * 100)} % of the requests failing in four ways`, async () => {
      await start();
      proxy.treat = atRandom(rate, seed);
      await deployWhole();
      await exactlyOnce();
    });
  }

  it("recognises transactions whose answer was lost", async () => {
    await start();
    let lost = 0;
    proxy.treat = (methods) => (methods.includes("eth_sendRawTransaction") && lost++ < 3 ? "lose answer" : "pass");
    await deployWhole();
    expect(lost).to.be.greaterThan(1);
    await exactlyOnce();
  });

  it("falls back to single calls where batches are refused", async () => {
    await start();
    proxy.refuseBatches = true;
    await deployWhole();
    await exactlyOnce();
  });

  it("uses the next URL while the first one is dead", async () => {
    await start();
    const dead = await startFaultyProxy(anvil.url);
    dead.treat = () => "503";
    const finished = await project.run(["deploy", "--network", "sepolia", "--yes"], {
      ...environment(),
      SEPOLIA_URL: `${dead.url},${proxy.url}`,
    });
    expect(finished.code, finished.stderr).to.equal(0);
    await exactlyOnce();
    await dead.close();
  });

  it("sends again what the mempool dropped", async () => {
    await start(["--no-mining"]);
    const { finished } = project.start(["deploy", "--network", "sepolia", "--yes"], environment());
    await allPending();
    await anvil.request("anvil_dropAllTransactions");
    await anvil.request("anvil_mine", "0x1");
    await allPending();
    expect(proxy.counts.rawTransactions).to.equal(2 * count);
    await anvil.request("evm_setIntervalMining", 1);
    written.push(await finished);
    expect((await finished).code, (await finished).stderr).to.equal(0);
    await exactlyOnce();
  });

  it("replaces at the same nonce when the base fee stays above the cap, and records what lands", async () => {
    await start(["--no-mining"]);
    const { finished } = project.start(["deploy", "--network", "sepolia", "--yes"], environment());
    await allPending();
    const baseFee = Number(
      ((await anvil.request("eth_getBlockByNumber", "latest", false)) as { baseFeePerGas: string }).baseFeePerGas,
    );
    // Above the first cap (2 x base fee and tip) and below the ceiling (half more): what anvil cannot mine it may also forget.
    await anvil.request("anvil_setNextBlockBaseFeePerGas", `0x${Math.round(baseFee * 2.4).toString(16)}`);
    await anvil.request("evm_setIntervalMining", 1);
    written.push(await finished);
    const { code, stderr } = await finished;
    expect(code, stderr).to.equal(0);
    await exactlyOnce();
  });

  it("waits at the ceiling, says what to run, and goes on with a higher one", async () => {
    await start(["--no-mining"]);
    const baseFee = Number(
      ((await anvil.request("eth_getBlockByNumber", "latest", false)) as { baseFeePerGas: string }).baseFeePerGas,
    );
    const capGwei = ((baseFee * 1.2) / 1e9).toFixed(9);
    const running = project.start(["deploy", "--network", "sepolia", "--yes", "--max-fee", capGwei], environment());
    let stderr = "";
    running.child.stderr?.on("data", (chunk: Buffer) => (stderr = `${stderr}${chunk.toString()}`));
    await allPending();
    const spike = `0x${(baseFee * 4).toString(16)}`;
    await until(async () => {
      await anvil.request("anvil_setNextBlockBaseFeePerGas", spike);
      await anvil.request("anvil_mine", "0x1");
      await sleep(100);
      return stderr.includes("--max-fee");
    });
    running.child.kill("SIGINT");
    const stopped = await running.finished;
    written.push(stopped);
    expect(stopped.code).to.equal(1);
    expect(stopped.stderr).to.contain("To go on: npx hardhat deploy --network sepolia");
    await anvil.request("evm_setIntervalMining", 1);
    await deployWhole(["--max-fee", "1000"]);
    await exactlyOnce();
  });

  for (const depth of [1, 2, 3]) {
    it(`notices a reorganisation of depth ${String(depth)} within the confirmations`, async () => {
      await start(["--no-mining"]);
      await anvil.request("anvil_mine", "0x5");
      const { finished, child } = project.start(
        ["deploy", "--network", "sepolia", "--yes", "--confirmations", "5"],
        environment(),
      );
      let stderr = "";
      child.stderr?.on("data", (chunk: Buffer) => (stderr = `${stderr}${chunk.toString()}`));
      await allPending();
      await anvil.request("anvil_mine", `0x${depth.toString(16)}`);
      await until(async () => stderr.includes("mined in block"));
      await anvil.request("anvil_reorg", depth, []);
      await until(async () => stderr.includes("was reorganised"));
      await anvil.request("evm_setIntervalMining", 1);
      const result = await finished;
      written.push(result);
      expect(result.code, result.stderr).to.equal(0);
      await exactlyOnce();
    });
  }

  it("stops when the funds run out midway, names the exact shortfall, and goes on once funded", async () => {
    // Blocks lower the base fee, which is part of the quote: there are none until it is made.
    await start(["--no-mining"]);
    // Somebody spends the account's money between the preflight and the sending; a good part of the plan is still paid.
    const left = 50n * 10n ** 13n;
    let drained = false;
    proxy.intercept = async ({ method }) => {
      if (method !== "eth_sendRawTransaction" || drained) return undefined;
      drained = true;
      await anvil.request("anvil_setBalance", wallet.address, `0x${left.toString(16)}`);
      await anvil.request("evm_setIntervalMining", 1);
      return undefined;
    };
    const stopped = await deploy(["--json", "--max-fee", "4"]);
    expect(stopped.code, stopped.stderr).to.equal(1);
    const { code, message } = (JSON.parse(stopped.stdout) as { error: { code: string; message: string } }).error;
    expect(code).to.equal("OUT_OF_FUNDS");
    const [, remaining = "", needed = "", missing = ""] =
      /the (\d+) transactions .* up to (\d+) wei: (\d+) wei are missing/u.exec(message) ?? [];
    const balance = BigInt(String(await anvil.request("eth_getBalance", wallet.address, "latest")));
    expect(Number(remaining)).to.be.within(1, count);
    expect(BigInt(missing)).to.equal(BigInt(needed) - balance);
    await anvil.request("anvil_setBalance", wallet.address, `0x${(balance + BigInt(missing)).toString(16)}`);
    await deployWhole();
    await exactlyOnce();
  });

  it("recognises a nonce that was used elsewhere, and plans what remains anew", async () => {
    await start(["--no-mining"]);
    const { Wallet } = await import("ethers");
    const { finished } = project.start(["deploy", "--network", "sepolia", "--yes"], environment());
    await allPending();
    await anvil.request("anvil_dropAllTransactions");
    const raw = await new Wallet(wallet.privateKey).signTransaction({
      type: 2,
      chainId: 11155111,
      nonce: 0,
      to: wallet.address,
      value: 1n,
      gasLimit: 21_000n,
      maxFeePerGas: 10n ** 11n,
      maxPriorityFeePerGas: 10n ** 10n,
    });
    await anvil.request("eth_sendRawTransaction", raw);
    await anvil.request("evm_setIntervalMining", 1);
    const result = await finished;
    written.push(result);
    expect(result.code, result.stderr).to.equal(0);
    expect(result.stderr).to.contain("used elsewhere");
    // What depended on the lost address was deployed again; the records name the contracts that are linked right.
    const creations = await creationsBy(anvil, wallet.address);
    const records = await Promise.all(
      Array.from(
        { length: count },
        async (_, index) =>
          JSON.parse(await readFile(join(folder(), `LinkA${String(index + 1)}.json`), "utf8")) as {
            address: string;
            args: string[];
          },
      ),
    );
    for (const [index, record] of records.entries()) {
      expect(creations.map(({ address }) => address.toLowerCase())).to.include(record.address.toLowerCase());
      if (index > 0) expect(record.args[0]).to.equal(records[index - 1]?.address);
    }
  });

  it("adapts to an endpoint that takes four pending transactions of one sender", async () => {
    await start(["--no-mining"]);
    let refused = 0;
    proxy.intercept = async ({ method }) => {
      if (method !== "eth_sendRawTransaction") return undefined;
      const [latest, pending] = await Promise.all(
        ["latest", "pending"].map(async (tag) =>
          Number(await anvil.request("eth_getTransactionCount", wallet.address, tag)),
        ),
      );
      const inPool = (pending ?? 0) - (latest ?? 0);
      if (inPool < 4) return undefined;
      refused += 1;
      return { error: { code: -32000, message: "txpool is full: too many pending transactions for account" } };
    };
    const { finished } = project.start(["deploy", "--network", "sepolia", "--yes"], environment());
    await until(async () => refused > 0);
    await anvil.request("evm_setIntervalMining", 1);
    const result = await finished;
    written.push(result);
    const { code, stderr } = result;
    expect(code, stderr).to.equal(0);
    expect(stderr).to.contain("4 pending transactions at a time");
    await exactlyOnce();
  });

  it("refuses a second run at the same time with the pid of the first", async () => {
    await start(["--no-mining"]);
    const first = project.start(["deploy", "--network", "sepolia", "--yes"], environment());
    await allPending();
    const second = await deploy(["--json"]);
    expect(second.code).to.equal(1);
    expect(second.stderr).to.contain(`Process ${String(first.child.pid)} is deploying to sepolia now`);
    await anvil.request("evm_setIntervalMining", 1);
    expect((await first.finished).code).to.equal(0);
    await exactlyOnce();
  });

  it("repairs a journal whose last line is torn", async () => {
    await start(["--no-mining"]);
    const { child, finished } = project.start(["deploy", "--network", "sepolia", "--yes"], environment());
    await allPending();
    child.kill("SIGKILL");
    await finished;
    await appendFile(join(folder(), ".journal.jsonl"), `{"type":"signed","slot":0,"hash":"0xab`);
    await anvil.request("evm_setIntervalMining", 1);
    await deployWhole();
    await exactlyOnce();
  });

  it("releases the nonces of an abandoned run with --cancel", async () => {
    await start(["--no-mining"]);
    const { child, finished } = project.start(["deploy", "--network", "sepolia", "--yes"], environment());
    await allPending();
    child.kill("SIGKILL");
    await finished;
    const cancelling = project.start(["deploy", "--network", "sepolia", "--cancel", "--json"], environment());
    await until(async () => proxy.counts.rawTransactions >= 2 * count);
    await anvil.request("evm_setIntervalMining", 1);
    const { code, stdout, stderr } = await cancelling.finished;
    expect(code, stderr).to.equal(0);
    expect(JSON.parse(stdout)).to.include({ kind: "cancelled", released: count, landed: 0 });
    expect(await creationsBy(anvil, wallet.address)).to.have.length(0);
    await deployWhole();
    await exactlyOnce();
  });

  it("records what landed when a step reverts on chain in spite of the rehearsal, and the next run does the rest", async () => {
    await start();
    await anvil.request("anvil_mine", "0x64");
    const early = (limit: number) => `// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

contract Early {
    error TooLate(uint256 limit);

    constructor() {
        if (block.number > ${String(limit)}) revert TooLate(${String(limit)});
    }
}
`;
    const script = await readFile(join(project.folder, "scripts/deploy/001_suite.ts"), "utf8");
    await project.write({
      "contracts/Early.sol": early(50),
      "scripts/deploy/001_suite.ts": script
        .replace("const nothing", `const last = "Early";\nconst nothing`)
        .replace(/\n\}\);\n$/u, `\n  await deploy(last);\n});\n`),
    });
    const failed = await deploy();
    expect(failed.code, failed.stderr).to.equal(1);
    expect(failed.stderr).to.contain("Reverted on chain: Early: TooLate(50). What landed is recorded");
    await exactlyOnce();
    await project.write({ "contracts/Early.sol": early(1_000_000) });
    await deployWhole();
    await expectExactlyOnce(anvil, wallet.address, folder(), count + 1);
  });

  it("refuses a folder that is full or cannot be written, before anything is signed", async function () {
    if (process.getuid?.() !== 0) {
      // A mount needs root; CI has it.
      if (process.env["CI"] === "true") throw new Error("this test must run as root where CI=true");
      return this.skip();
    }
    await start();
    const target = folder();
    await mkdir(target, { recursive: true });
    for (const [options, reason] of [
      ["size=16k", "ENOSPC"],
      ["ro", "EROFS"],
    ] as const) {
      execFileSync("mount", ["-t", "tmpfs", "-o", options, "tmpfs", target]);
      try {
        const refused = await deploy(["--json"]);
        expect(refused.code).to.equal(1);
        expect((JSON.parse(refused.stdout) as { error: { code: string } }).error.code, reason).to.equal(
          "UNWRITABLE_FOLDER",
        );
        expect(Number(await anvil.request("eth_getTransactionCount", wallet.address, "pending"))).to.equal(0);
      } finally {
        execFileSync("umount", [target]);
      }
    }
    await deployWhole();
    await exactlyOnce();
  });
});
