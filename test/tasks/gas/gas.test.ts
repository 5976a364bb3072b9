import { readFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import { join } from "node:path";

import { expect } from "chai";

import { type Anvil, request, startAnvil } from "../../helpers/anvil.ts";
import { makeProject, type Project, repository } from "../../helpers/project.ts";
import { fund, tellsWords } from "../../helpers/wallet.ts";

type Pending = {
  kind: string;
  reason?: string;
  quote?: { expected: string; worst: string; steps: { label: string; gas: string }[] };
};
type Gas = { block: number; market: { baseFee: string; tips: Record<string, string> }; pending: Pending };
type Faucet = {
  address: string;
  balance: string;
  needed?: string;
  shortfall: string;
  funded: boolean;
  problem?: string;
  paymentLink?: string;
};

const parse = <Result>(stdout: string) => JSON.parse(stdout) as Result;
const script = `export { default } from "{repository}/scripts/deploy/001_metacoin.ts";\n`;

/** What the steps of a plan cost for their gas alone, at the fees of now. */
function executionCost({ market, pending }: Pick<Gas, "market" | "pending">): bigint {
  const gas = pending.quote?.steps.reduce((sum, step) => sum + BigInt(step.gas), 0n) ?? 0n;
  return gas * (BigInt(market.baseFee) + BigInt(market.tips["standard"] ?? ""));
}

describe("hardhat gas and hardhat faucet", function () {
  this.timeout(180_000);
  let anvil: Anvil;
  let project: Project;
  /** The same, for a second command at the same time: two builds in one folder get in each other's way. */
  let other: Project;

  before(async () => {
    anvil = await startAnvil();
    const sources = ["contracts/ConvertLib.sol", "contracts/MetaCoin.sol"];
    const texts = await Promise.all(sources.map((path) => readFile(join(repository, path), "utf8")));
    project = await makeProject({
      ...Object.fromEntries(sources.map((path, index) => [path, texts[index] ?? ""])),
      "scripts/deploy/001_metacoin.ts": script,
    });
    await project.build();
    other = await project.copy();
  });

  after(async () => {
    await anvil.stop();
    await Promise.all([project.remove(), other.remove()]);
  });

  it("gas: tells the market and what each step of the plan costs; without an account the market alone, and why", async () => {
    const { mnemonic } = await fund(anvil);
    await anvil.request("anvil_setNextBlockBaseFeePerGas", "0x2540be400");
    await anvil.request("evm_mine");
    const args = ["gas", "--network", "sepolia", "--json"];
    const [known, unknown] = await Promise.all([
      project.run(args, { MNEMONIC: mnemonic, SEPOLIA_URL: anvil.url }),
      other.run(args, { SEPOLIA_URL: anvil.url }),
    ]);
    expect(known.code, known.stderr).to.equal(0);
    const { market, pending } = parse<Gas>(known.stdout);
    const { baseFeePerGas } = (await anvil.request("eth_getBlockByNumber", "pending", false)) as {
      baseFeePerGas: string;
    };
    expect(BigInt(market.baseFee)).to.equal(BigInt(baseFeePerGas));
    expect(pending.quote?.steps.map(({ label }) => label)).to.deep.equal(["ConvertLib", "MetaCoin"]);
    expect(BigInt(pending.quote?.expected ?? "")).to.equal(executionCost({ market, pending }));
    expect(BigInt(pending.quote?.worst ?? "") > 2n * executionCost({ market, pending })).to.equal(true);

    expect(unknown.code, unknown.stderr).to.equal(0);
    const blind = parse<Gas>(unknown.stdout);
    expect(blind.market).to.deep.equal(market);
    expect(blind.pending.kind).to.equal("unknown");
    expect(blind.pending.reason).to.contain("MNEMONIC");
  });

  it("gas --watch: a line with every block, and the last as the result of Ctrl-C", async () => {
    const { mnemonic } = await fund(anvil);
    const env = { MNEMONIC: mnemonic, SEPOLIA_URL: anvil.url };
    const { child, finished } = project.start(["gas", "--network", "sepolia", "--watch", "--json"], env);
    if (child.stderr === null) throw new Error("no stderr");
    const lines = createInterface({ input: child.stderr })[Symbol.asyncIterator]();
    const next = async () => String((await lines.next()).value);
    const first = await next();
    await anvil.request("evm_mine");
    const second = await next();
    child.kill("SIGINT");
    const { code, stdout } = await finished;
    expect(first).to.match(/^block \d+: base fee .* gwei, .*the plan .* ETH$/u);
    expect(Number(/\d+/u.exec(second)?.[0])).to.equal(Number(/\d+/u.exec(first)?.[0]) + 1);
    expect(parse<Gas>(stdout).block).to.equal(Number(/\d+/u.exec(second)?.[0]));
    expect(code).to.equal(0);
  });

  it("gas: adds what an OP-stack chain takes for its data", async () => {
    const node = project.start([
      "node",
      "--chain-type",
      "op",
      "--chain-id",
      "84532",
      "--port",
      "0",
      "--hostname",
      "127.0.0.1",
    ]);
    try {
      if (node.child.stdout === null) throw new Error("no stdout");
      let url: string | undefined;
      for await (const line of createInterface({ input: node.child.stdout })) {
        url = /https?:\/\/[\d.:]+/u.exec(line)?.[0];
        if (url !== undefined) break;
      }
      node.child.stdout.resume();
      const endpoint = url ?? "";
      const { mnemonic, address } = await fund(anvil);
      await request(endpoint, "hardhat_setBalance", [address, "0xde0b6b3a7640000"]);
      const env = { MNEMONIC: mnemonic, BASE_SEPOLIA_URL: endpoint };
      // The predeploy L1Block: an L1 base fee of 20 gwei, and the scalars of OP Mainnet.
      const slots = { "0x1": 20_000_000_000n, "0x7": 1n, "0x3": (5_227n << 96n) | (1_014_213n << 64n) };
      for (const [slot, value] of Object.entries(slots))
        await request(endpoint, "hardhat_setStorageAt", [
          "0x4200000000000000000000000000000000000015",
          slot,
          `0x${value.toString(16).padStart(64, "0")}`,
        ]);
      const { stdout, stderr } = await project.run(["gas", "--network", "baseSepolia", "--json"], env);
      const report = parse<Gas>(stdout);
      expect(BigInt(report.pending.quote?.expected ?? "") > executionCost(report), stderr).to.equal(true);
    } finally {
      node.child.kill("SIGKILL");
      await node.finished;
    }
  });

  it("faucet: exits 1 with the exact shortfall, waits for it, then exits 0", async () => {
    const { mnemonic, address } = await fund(anvil, 5n);
    const env = { MNEMONIC: mnemonic, SEPOLIA_URL: anvil.url };
    const { child, finished } = project.start(["faucet", "--network", "sepolia", "--wait", "--json"], env);
    if (child.stderr === null) throw new Error("no stderr");
    const told: string[] = [];
    for await (const line of createInterface({ input: child.stderr })) {
      told.push(line);
      if (line.startsWith("To wait for it")) break;
    }
    child.stderr.resume();
    const before = await project.run(["faucet", "--network", "sepolia", "--json"], env);
    const report = parse<Faucet>(before.stdout);
    expect(before.code, before.stderr).to.equal(1);
    expect(report).to.deep.include({ address, balance: "5", funded: false });
    expect(BigInt(report.shortfall)).to.equal(BigInt(report.needed ?? "") - 5n);
    expect(report.paymentLink).to.contain(`ethereum:${address}@11155111?value=`);
    expect(told.join("\n")).to.contain("sepolia-faucet");

    await anvil.request("anvil_setBalance", address, `0x${BigInt(report.needed ?? "").toString(16)}`);
    const after = await finished;
    expect(after.code).to.equal(0);
    expect(parse<Faucet>(after.stdout)).to.deep.include({ funded: true, shortfall: "0" });
    const shown = [...told, after.stdout, after.stderr, before.stdout, before.stderr].join("\n");
    expect(tellsWords(shown, mnemonic), shown).to.equal(false);
  });

  it("faucet --wait --timeout: gives up in time", async () => {
    const { mnemonic } = await fund(anvil, 0n);
    const env = { MNEMONIC: mnemonic, SEPOLIA_URL: anvil.url };
    const { code, stdout } = await project.run(
      ["faucet", "--network", "sepolia", "--wait", "--timeout", "1", "--json"],
      env,
    );
    expect(code).to.equal(1);
    expect(JSON.parse(stdout)).to.have.nested.property("error.code", "STILL_UNDERFUNDED");
    expect((await project.run(["faucet", "--timeout", "1"])).code).to.equal(2);
  });

  it("faucet --fund: sets the balance on a development node, whatever it stands in for", async () => {
    const { mnemonic, address } = await fund(anvil, 0n);
    const env = { MNEMONIC: mnemonic, SEPOLIA_URL: anvil.url };
    const [{ code, stdout, stderr }, local] = await Promise.all([
      project.run(["faucet", "--network", "sepolia", "--fund", "--json"], env),
      other.run(["faucet", "--fund", "--json"]),
    ]);
    expect(code, stderr).to.equal(0);
    expect(BigInt((await anvil.request("eth_getBalance", address, "latest")) as string)).to.equal(10n ** 19n);
    expect(parse<Faucet>(stdout)).to.deep.include({ balance: "10000000000000000000", funded: true });
    expect(parse<Faucet>(local.stdout)).to.deep.include({ balance: "10000000000000000000000", funded: true });
  });

  it("faucet: a plan that cannot be made does not hide the balance", async () => {
    const broken = await project.copy();
    await broken.write({ "scripts/deploy/001_metacoin.ts": "export default 1;\n" });
    const { mnemonic } = await fund(anvil, 7n);
    const env = { MNEMONIC: mnemonic, SEPOLIA_URL: anvil.url };
    const { code, stdout } = await broken.run(["faucet", "--network", "sepolia", "--json"], env);
    const { balance, needed, problem } = parse<Faucet>(stdout);
    expect({ code, balance, needed }).to.deep.equal({ code: 0, balance: "7", needed: undefined });
    expect(problem).to.contain("001_metacoin.ts");
    await broken.remove();
  });

  it("both refuse an endpoint of another chain", async () => {
    const { mnemonic } = await fund(anvil);
    const env = { MNEMONIC: mnemonic, HOODI_URL: anvil.url };
    for (const command of ["gas", "faucet"]) {
      const { code, stdout } = await project.run([command, "--network", "hoodi", "--json"], env);
      expect(code).to.equal(1);
      expect(JSON.parse(stdout)).to.have.nested.property("error.code", "WRONG_CHAIN");
    }
  });
});
