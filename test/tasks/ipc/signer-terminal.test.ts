import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

import { expect } from "chai";

import { connectJsonRpc } from "../../../src/ipc/rpc/client.ts";
import { type Anvil, startAnvil } from "../../helpers/anvil.ts";
import { expectExactlyOnce } from "../../helpers/oracle.ts";
import { makeProject, type Project, repository } from "../../helpers/project.ts";
import { rejection } from "../../helpers/rejection.ts";
import { findInProcess, spellings } from "../../helpers/signer/memory.ts";
import { type SignerProcess, startSigner } from "../../helpers/signer/process.ts";
import { fund, type Funded, tellsWords } from "../../helpers/wallet.ts";

const friend = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";

describe("ipc signer, on a terminal", function () {
  this.timeout(120_000);
  let anvil: Anvil;
  let project: Project;
  let wallet: Funded;
  let env: Record<string, string>;
  let signer: SignerProcess | undefined;

  before(async () => {
    const sources = ["contracts/ConvertLib.sol", "contracts/MetaCoin.sol"];
    const texts = await Promise.all(sources.map((path) => readFile(join(repository, path), "utf8")));
    [anvil, project] = await Promise.all([
      startAnvil(["--no-mining"]),
      makeProject({
        ...Object.fromEntries(sources.map((path, index) => [path, texts[index] ?? ""])),
        "scripts/deploy/001_metacoin.ts": `export { default } from "{repository}/scripts/deploy/001_metacoin.ts";\n`,
      }),
    ]);
    await project.build();
    const home = join(project.folder, "home");
    env = { SEPOLIA_URL: anvil.url, XDG_RUNTIME_DIR: home, HOME: home, XDG_CONFIG_HOME: home, XDG_CACHE_HOME: home };
  });

  beforeEach(async () => {
    wallet = await fund(anvil);
  });

  afterEach(async () => {
    await signer?.kill("SIGKILL");
  });

  after(async () => {
    await anvil.stop();
    await project.remove();
  });

  /** Unlocks by typing the mnemonic, as a person does. */
  async function unlock(args: readonly string[] = []): Promise<SignerProcess> {
    const started = startSigner({ project, env, args, terminal: true });
    signer = started;
    await started.shows("it is not shown");
    started.type(`${wallet.mnemonic}\n`);
    return started;
  }

  it("asks about everything without rules: a yes signs, a no refuses, and the secret is never shown", async () => {
    const terminal = await unlock();
    await terminal.shows("listens");
    const client = await connectJsonRpc({ path: terminal.path }, { capBytes: 1_000_000 });
    const transaction = { from: wallet.address, to: friend, value: "0x1" };
    const yes = client.request("eth_signTransaction", [transaction]);
    await terminal.shows(`to:      ${friend}`);
    await terminal.shows("[y/N]");
    terminal.type("y\n");
    expect(await yes).to.match(/^0x02/u);
    const no = rejection(client.request("eth_signTransaction", [{ ...transaction, value: "0x2" }]));
    await terminal.shows("0.000000000000000002 ETH");
    terminal.type("n\n");
    expect(await no).to.have.property("rpcCode", 4001);
    client.close();
    expect(tellsWords(terminal.shown(), wallet.mnemonic), terminal.shown()).to.equal(false);
  });

  it("shows what a message would do to the terminal instead of doing it, and withdraws the question of a client that has gone", async () => {
    const terminal = await unlock();
    await terminal.shows("listens");
    const client = await connectJsonRpc({ path: terminal.path }, { capBytes: 1_000_000 });
    const text = Buffer.from("pay\u001B[2J\u001B[1;1Hnothing\u202E").toString("hex");
    const signature = client.request("personal_sign", [`0x${text}`, wallet.address]);
    await terminal.shows("pay\\u{1b}[2J\\u{1b}[1;1Hnothing\\u{202e}");
    terminal.type("yes\n");
    expect(await signature).to.match(/^0x[0-9a-f]{130}$/u);
    const gone = rejection(client.request("personal_sign", ["0x6869", wallet.address]));
    await terminal.shows("message: hi");
    client.close();
    await terminal.shows("no longer asked");
    expect(await gone).to.have.property("rpcCode", 4001);
  });

  it("forgets its keys when its lifetime is over; unlocking asks at its terminal, and for the secret", async () => {
    const terminal = await unlock(["--lifetime", "1s"]);
    await terminal.shows("listens");
    await terminal.shows("locked: its lifetime is over");
    const client = await connectJsonRpc({ path: terminal.path }, { capBytes: 1_000_000 });
    const sign = ["eth_signTransaction", [{ from: wallet.address, to: friend }]] as const;
    expect(await rejection(client.request(...sign))).to.have.property("rpcCode", 4100);
    const unlocking = project.start(["ipc", "signer", "unlock", "--path", terminal.path]).finished;
    await terminal.shows("Unlock the signer?");
    terminal.type("y\n");
    await terminal.shows(/it is not shown[^]*it is not shown/u);
    terminal.type(`${wallet.mnemonic}\n`);
    expect(await unlocking).to.include({ code: 0, stdout: "unlocked\n" });
    client.close();
  });

  it("deploys for a process that never holds a key, and leaves the mnemonic nowhere", async () => {
    await project.write({
      "rules.json": JSON.stringify({ chainIds: [11155111], contractCreation: true, maxFeeEth: "0.1" }),
    });
    const terminal = await unlockAfterRules(["--rules", join(project.folder, "rules.json")]);
    await terminal.shows("listens");
    const deploying = project.start(
      ["deploy", "--network", "sepolia", "--signer", terminal.path, "--yes", "--json"],
      env,
    );
    const late = deploying.finished.then(({ stderr }) => Promise.reject(new Error(stderr)));
    await Promise.race([untilPending(2), late]);

    const secrets = [...spellings(wallet.mnemonic), ...spellings(wallet.privateKey.slice(2))];
    secrets.push(Buffer.from(wallet.privateKey.slice(2), "hex"));
    // As root the scan sees the one process that must have it, so it would see it in the others.
    const inSigner = findInProcess(terminal.pid, secrets);
    expect(inSigner.filter((place) => place.startsWith("memory"))).not.to.deep.equal([]);
    expect(inSigner.filter((place) => !place.startsWith("memory"))).to.deep.equal([]);
    expect(findInProcess(deploying.child.pid ?? 0, secrets)).to.deep.equal([]);

    late.catch(() => undefined);
    await anvil.request("evm_setIntervalMining", 1);
    const { code, stderr } = await deploying.finished;
    expect(code, stderr).to.equal(0);
    await expectExactlyOnce(anvil, wallet.address, join(project.folder, "deployments/sepolia"), 2);
    for (const path of await filesBelow(project.folder)) {
      const bytes = await readFile(path);
      expect(
        secrets.some((secret) => bytes.includes(secret)),
        path,
      ).to.equal(false);
    }
  });

  async function unlockAfterRules(args: readonly string[]): Promise<SignerProcess> {
    const started = startSigner({ project, env, args, terminal: true });
    signer = started;
    await started.shows("Sign by these rules without asking?");
    await started.shows("[y/N]");
    started.type("y\n");
    await started.shows("it is not shown");
    started.type(`${wallet.mnemonic}\n`);
    return started;
  }

  async function untilPending(count: number): Promise<void> {
    for (;;) {
      const { pending } = (await anvil.request("txpool_status")) as { pending: string };
      if (Number(pending) >= count) return;
    }
  }
});

async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const own = entries.filter((entry) => entry.isFile() && !entry.parentPath.includes("node_modules"));
  return own.map((entry) => join(entry.parentPath, entry.name));
}
