import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { on, once } from "node:events";
import { chmod, readFile } from "node:fs/promises";
import { delimiter, join } from "node:path";

import { expect } from "chai";

import { lockFolder } from "../../../src/deploy/lock.ts";
import { type Anvil, startAnvil } from "../../helpers/anvil.ts";
import { makeVault, vault } from "../../helpers/deployments/vault.ts";
import { type Finished, type Project, repository } from "../../helpers/project.ts";
import { fund, type Funded } from "../../helpers/wallet.ts";

type Status = { contracts: { name: string; address: string; verdict: string; detail?: string }[] };
type Entry = { network: string; address: string; superseded: boolean };

describe("hardhat deployments", function () {
  this.timeout(180_000);
  let anvil: Anvil;
  let project: Project;
  let wallet: Funded;
  let env: Record<string, string>;

  before(async () => {
    [anvil, project] = await Promise.all([startAnvil(), makeVault()]);
    wallet = await fund(anvil);
    // The first of the two URLs is dead: every command has to do with the second one.
    env = { MNEMONIC: wallet.mnemonic, SEPOLIA_URL: `http://127.0.0.1:1,${anvil.url}` };
  });

  after(async () => {
    await anvil.stop();
    await project.remove();
  });

  const run = (...args: readonly string[]) => project.run([...args, "--network", "sepolia"], env);
  const deploy = async () => {
    const { code, stdout, stderr } = await run("deploy", "--yes", "--json");
    expect(code, stderr).to.equal(0);
    const { contracts } = JSON.parse(stdout) as { contracts: { name: string; status: string }[] };
    return Object.fromEntries(contracts.map(({ name, status }) => [name, status]));
  };
  /** The verdicts by name; the exit code has to agree with them. */
  const status = async () => {
    const { code, stdout, stderr } = await run("deployments", "status", "--json");
    const { contracts } = JSON.parse(stdout) as Status;
    expect(code, stderr).to.equal(contracts.every(({ verdict }) => verdict === "current") ? 0 : 1);
    return Object.fromEntries(contracts.map(({ name, verdict }) => [name, verdict]));
  };
  const addressOf = async (name: string) =>
    (JSON.parse(await readFile(join(project.folder, `deployments/sepolia/${name}.json`), "utf8")) as Entry).address;

  /** Until it says that another one compiles. */
  const waits = async (child: ChildProcess) => {
    if (child.stderr === null) throw new Error("no stderr");
    let told = "";
    for await (const [chunk] of on(child.stderr, "data", { close: ["end"] })) {
      told = `${told}${String(chunk)}`;
      if (told.includes("compiles now; waiting for it")) return;
    }
    throw new Error(told);
  };

  it("says so where nothing is deployed", async () => {
    const [list, status] = await Promise.all([project.run(["deployments"], env), run("deployments", "status")]);
    expect(list.stdout).to.equal("Nothing is deployed yet: npx hardhat deploy --network sepolia\n");
    expect(status.code).to.equal(1);
    expect(status.stderr).to.contain("npx hardhat deploy --network sepolia");
  });

  it("compiles once where two commands want it at the same time", async () => {
    const changed = await project.copy();
    try {
      await changed.write({ "contracts/Vault.sol": vault.replace("opening, 3", "opening, 4") });
      const onWait = () => undefined;
      const lock = await lockFolder(join(changed.folder, "cache"), "this test", { onWait });
      const started = [1, 2, 3].map(() => changed.start(["deployments"], env));
      await Promise.all(started.map(({ child }) => waits(child)));
      await lock.release();
      for (const { code, stderr } of await Promise.all(started.map(({ finished }) => finished)))
        expect(code, stderr).to.equal(0);
    } finally {
      await changed.remove();
    }
  });

  it("knows the networks of the configuration and those with records, and no others", async () => {
    const none = await project.run(["deployments", "--network", "hoodi"], env);
    expect(none.stdout).to.equal("Nothing is deployed yet: npx hardhat deploy --network hoodi\n");
    for (const verb of [[], ["export"], ["report"], ["history", "MetaCoin"]]) {
      const { code, stdout, stderr } = await project.run(["deployments", ...verb, "--network", "sepola"], env);
      expect([code, stdout], verb.join(" ")).to.deep.equal([2, ""]);
      expect(stderr).to.contain('no network "sepola"').and.to.contain("sepolia");
    }
  });

  it("calls what was just deployed current: immutables, arguments and a library included", async () => {
    await deploy();
    expect(await status()).to.deep.equal({ ConvertLib: "current", MetaCoin: "current", Vault: "current" });
  });

  it("sees a changed line of source, and exits with 1; a changed comment is no change", async () => {
    await project.write({ "contracts/Vault.sol": vault.replace("Coins for later", "Coins for much later") });
    expect(await status()).to.deep.equal({ ConvertLib: "current", MetaCoin: "current", Vault: "current" });
    await project.write({ "contracts/Vault.sol": vault.replace("(opening, 3)", "(opening, 4)") });
    expect(await status()).to.deep.equal({ ConvertLib: "current", MetaCoin: "current", Vault: "changed in source" });
    const { stdout } = await run("deployments");
    expect(stdout)
      .to.match(/MetaCoin .* yes\n/u)
      .and.to.match(/Vault .* no\n/u);
  });

  it("has both deployments in the history after the next one", async () => {
    const former = await addressOf("Vault");
    expect(await deploy()).to.deep.equal({ ConvertLib: "reused", MetaCoin: "reused", Vault: "deployed" });
    expect((await status())["Vault"]).to.equal("current");
    const { stdout } = await run("deployments", "history", "Vault", "--json");
    const entries = JSON.parse(stdout) as Entry[];
    expect(entries.map(({ address, superseded }) => ({ address, superseded }))).to.deep.equal([
      { address: await addressOf("Vault"), superseded: false },
      { address: former, superseded: true },
    ]);
    const unknown = await run("deployments", "history", "Valut");
    expect(unknown.code).to.equal(1);
    expect(unknown.stderr).to.contain(`no record of "Valut"; there are ConvertLib, MetaCoin, Vault`);
  });

  it("sees other code at an address, and none", async () => {
    const [coin, library] = [await addressOf("MetaCoin"), await addressOf("ConvertLib")];
    const [coinCode, libraryCode] = await Promise.all(
      [coin, library].map((address) => anvil.request("eth_getCode", address, "latest")),
    );
    await anvil.request("anvil_setCode", coin, String(coinCode).replace("612710", "612711"));
    await anvil.request("anvil_setCode", library, "0x");
    expect(await status()).to.deep.equal({
      ConvertLib: "missing on chain",
      MetaCoin: "different code",
      Vault: "current",
    });
    await anvil.request("anvil_setCode", coin, coinCode);
    await anvil.request("anvil_setCode", library, libraryCode);
    expect(await status()).to.deep.equal({ ConvertLib: "current", MetaCoin: "current", Vault: "current" });
  });

  it("tells another chain under the same name by its genesis", async () => {
    const fresh = await startAnvil();
    const { code, stdout } = await project.run(["deployments", "status", "--network", "sepolia", "--json"], {
      ...env,
      SEPOLIA_URL: fresh.url,
    });
    await fresh.stop();
    const { contracts } = JSON.parse(stdout) as Status;
    expect(code).to.equal(1);
    for (const { verdict, detail } of contracts) {
      expect(verdict).to.equal("missing on chain");
      expect(detail).to.contain("another chain");
    }
  });

  it("forgets a record only where somebody agrees; the next run deploys anew and keeps the history", async () => {
    const former = await addressOf("MetaCoin");
    const refused = await run("deployments", "forget", "MetaCoin");
    expect(refused.code).to.equal(1);
    expect(refused.stderr).to.contain("npx hardhat deployments forget MetaCoin --network sepolia --yes");
    const denied = await onTerminal("deployments forget MetaCoin --network sepolia", "n");
    expect(denied.code).to.equal(1);
    expect(denied.stdout).to.contain(`Forget MetaCoin at ${former} on sepolia?`).and.to.contain("Not approved");
    expect((await run("deployments", "forget", "MetaCoin", "--yes")).code).to.equal(0);
    expect((await run("deployments")).stdout).to.match(/MetaCoin .* forgotten\n/u);
    const history = JSON.parse((await run("deployments", "history", "MetaCoin", "--json")).stdout) as Entry[];
    expect(history.map(({ superseded }) => superseded)).to.deep.equal([true]);
    expect(await deploy()).to.deep.equal({ ConvertLib: "reused", MetaCoin: "deployed", Vault: "reused" });
    expect(await addressOf("MetaCoin")).to.not.equal(former);
    const after = JSON.parse((await run("deployments", "history", "MetaCoin", "--json")).stdout) as Entry[];
    expect(after.map(({ address }) => address)).to.deep.equal([await addressOf("MetaCoin"), former]);
  });

  it("exports addresses and ABIs that a strict TypeScript project compiles", async () => {
    for (const format of ["ts", "wagmi"])
      expect((await run("deployments", "export", "--format", format, "--out", `app/${format}.ts`)).code).to.equal(0);
    const { stdout } = await run("deployments", "export");
    expect(stdout).to.equal(await readFile(join(project.folder, "app/ts.ts"), "utf8"));
    const address = await addressOf("MetaCoin");
    await project.write({
      "app/tsconfig.json": JSON.stringify({
        compilerOptions: {
          strict: true,
          noUncheckedIndexedAccess: true,
          exactOptionalPropertyTypes: true,
          noEmit: true,
          module: "nodenext",
          target: "es2023",
          types: [],
          allowImportingTsExtensions: true,
          skipLibCheck: true,
        },
        include: ["*.ts"],
      }),
      "app/use.ts": `import type { Address, ContractFunctionArgs, ContractFunctionName } from "viem";
import { deployments } from "./ts.ts";
import { metaCoinAbi, metaCoinAddress, metaCoinConfig, vaultAbi } from "./wagmi.ts";

const { MetaCoin } = deployments.sepolia.contracts;
export const address: Address = MetaCoin.address;
export const literal: "${address}" = metaCoinAddress[deployments.sepolia.chainId];
export const config: { readonly address: Readonly<Record<11155111, Address>> } = metaCoinConfig;
export const read: ContractFunctionName<typeof metaCoinAbi, "view"> = "getBalance";
export const args: ContractFunctionArgs<typeof MetaCoin.abi, "nonpayable", "sendCoin"> = [address, 10n];
export const worth: ContractFunctionName<typeof vaultAbi> = "worth";
// @ts-expect-error the contract has no such function
export const wrong: ContractFunctionName<typeof metaCoinAbi> = "getBalances";
`,
    });
    const { code, stdout: complaints } = await execute("tsc", ["-p", "app"]);
    expect(complaints).to.equal("");
    expect(code).to.equal(0);
    expect((await run("deployments", "export", "--format", "yaml")).code).to.equal(2);
  });

  it("writes a report of its runs, with what the chain says of them, and one without an endpoint", async () => {
    const { code, stdout, stderr } = await run("deployments", "report", "--out", "report.html");
    expect(code, stderr).to.equal(0);
    expect(stdout).to.equal(`${join(project.folder, "report.html")}\n`);
    const report = await readFile(join(project.folder, "report.html"), "utf8");
    const runs = new Set([...report.matchAll(/<article class="card" id="([^"]+)"/gu)].map(([, id]) => id));
    expect(runs.size).to.equal(3);
    expect(report)
      .to.contain('<svg class="fees"')
      .and.to.contain(`etherscan.io/address/${await addressOf("MetaCoin")}`);
    const { MNEMONIC: _, SEPOLIA_URL: __, ...nothing } = env;
    const offline = await project.run(["deployments", "report"], nothing);
    expect(offline.code, offline.stderr).to.equal(0);
    expect(offline.stderr).to.contain("No endpoint of sepolia answered");
    const text = await readFile(offline.stdout.trim(), "utf8");
    expect(text).to.contain("No endpoint answered").and.to.not.contain('<svg class="fees"');
  });

  it("opens the report in the browser of the system", async () => {
    const [bin, opened] = [join(project.folder, "bin"), join(project.folder, "opened")];
    await project.write({ "bin/xdg-open": `#!/bin/sh\nprintf %s "$1" > "${opened}"\n` });
    await chmod(join(bin, "xdg-open"), 0o755);
    // Reading from a pipe waits for the browser that outlives the command.
    execFileSync("mkfifo", [opened]);
    const PATH = [bin, join(repository, "node_modules/.bin"), process.env["PATH"]].join(delimiter);
    const [path, report] = await Promise.all([
      readFile(opened, "utf8"),
      project.run(["deployments", "report", "--network", "sepolia", "--open", "--json"], { ...env, PATH }),
    ]);
    expect(JSON.parse(report.stdout)).to.deep.equal({ file: path, networks: ["sepolia"] });
  });

  it("has the contracts at hand in the console", async () => {
    const { code, stdout, stderr } = await execute(
      "hardhat",
      ["console", "--network", "sepolia"],
      [
        `[await MetaCoin.getBalance("${wallet.address}"), await Vault.worth(),`,
        "(await (await MetaCoin.sendCoin(Vault.target, 5)).wait()).status, await MetaCoin.getBalance(Vault.target)].join()",
      ].join(" "),
    );
    expect(code, stderr).to.equal(0);
    expect(stderr).to.contain("On sepolia: ConvertLib, MetaCoin, Vault, and ethers.");
    expect(stdout).to.contain("'10000,28,1,5'");
  });

  function execute(command: string, args: readonly string[], input = ""): Promise<Finished> {
    const child = spawn(join(repository, "node_modules/.bin", command), args, {
      cwd: project.folder,
      env: { PATH: `${join(repository, "node_modules/.bin")}:${process.env["PATH"] ?? ""}`, ...env },
      stdio: ["pipe", "pipe", "pipe"],
    });
    child.stdin.end(input === "" ? "" : `${input}\n`);
    return collect(child);
  }

  /** Runs a command on a terminal (util-linux `script`), and answers its question. */
  function onTerminal(command: string, answer: string): Promise<Finished> {
    const child = spawn("script", ["-qec", `hardhat ${command}`, "/dev/null"], {
      cwd: project.folder,
      env: { PATH: `${join(repository, "node_modules/.bin")}:${process.env["PATH"] ?? ""}`, ...env },
      stdio: ["pipe", "pipe", "pipe"],
    });
    let asked = "";
    child.stdout.on("data", (chunk: Buffer) => {
      const before = asked.includes("[y/N]");
      asked = `${asked}${chunk.toString()}`;
      if (!before && asked.includes("[y/N]")) child.stdin.write(`${answer}\n`);
    });
    return collect(child);
  }
});

async function collect(child: ReturnType<typeof spawn>): Promise<Finished> {
  const [out, err]: [Buffer[], Buffer[]] = [[], []];
  child.stdout?.on("data", (chunk: Buffer) => out.push(chunk));
  child.stderr?.on("data", (chunk: Buffer) => err.push(chunk));
  const [code] = (await once(child, "close")) as [number | null];
  return { code, stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString() };
}
