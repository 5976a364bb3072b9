import { execFile } from "node:child_process";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

import { expect } from "chai";
import { IpcSocketProvider, verifyMessage, verifyTypedData } from "ethers";
import { createWalletClient, publicActions } from "viem";
import { sepolia } from "viem/chains";
import { ipc } from "viem/node";

import { connectJsonRpc, type JsonRpcClient } from "../../../src/ipc/rpc/client.ts";
import { JsonRpcError } from "../../../src/ipc/rpc/jsonrpc.ts";
import { connectSigner, NoSignerError } from "../../../src/signer/client.ts";
import { type Anvil, receiptOf, startAnvil } from "../../helpers/anvil.ts";
import { makeProject, type Project, repository } from "../../helpers/project.ts";
import { rejection } from "../../helpers/rejection.ts";
import { startSigner, writeRules, type SignerProcess } from "../../helpers/signer/process.ts";
import { fund, type Funded } from "../../helpers/wallet.ts";

const friend = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
const stranger = "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC";

const rules = {
  chainIds: [11155111],
  recipients: [friend],
  contractCreation: true,
  maxValueEth: "0.01",
  maxFeeEth: "0.02",
  messages: true,
  typedData: [{ chainId: 11155111, verifyingContract: friend }],
};

const box = `// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

contract Box {
    address public immutable owner = msg.sender;
}
`;

const use = `import { IpcSocketProvider } from "ethers";
import { network } from "hardhat";

const { ethers } = await network.create();
const provider = new IpcSocketProvider(process.env["SIGNER"] ?? "");
const box = await ethers.deployContract("Box", await provider.getSigner());
await box.waitForDeployment();
console.log("owner", await box.getFunction("owner")());
provider.destroy();
`;

describe("ipc signer, with rules and without a terminal", function () {
  this.timeout(60_000);
  let anvil: Anvil;
  let project: Project;
  let wallet: Funded;
  let env: Record<string, string>;
  let signer: SignerProcess;
  let client: JsonRpcClient;

  before(async () => {
    [anvil, project] = await Promise.all([
      startAnvil(),
      makeProject({ "contracts/Box.sol": box, "scripts/use.ts": use }),
    ]);
    wallet = await fund(anvil);
    env = { SEPOLIA_URL: anvil.url, MNEMONIC: wallet.mnemonic, XDG_RUNTIME_DIR: project.folder };
    signer = startSigner({ project, env, args: await writeRules(project, rules) });
    await signer.shows("listens");
    client = await connectJsonRpc({ path: signer.path }, { capBytes: 1_000_000 });
  });

  after(async () => {
    client.close();
    await signer.kill("SIGKILL");
    await anvil.stop();
    await project.remove();
  });

  const send = (transaction: object) =>
    client.request("eth_sendTransaction", [{ from: wallet.address, ...transaction }]);

  it("shows its account, its rules and where it listens, and never a word of the mnemonic", async () => {
    expect(signer.shown())
      .to.contain(`account  ${wallet.address}`)
      .and.to.contain("sha256")
      .and.to.contain(signer.path);
    expect(signer.shown()).to.contain("the secret is in the environment");
    for (const word of [wallet.mnemonic, wallet.privateKey]) expect(signer.shown()).not.to.contain(word);
    expect((await stat(signer.path)).mode & 0o777).to.equal(0o600);
  });

  it("is an account to ethers' IpcSocketProvider: sends, waits for the receipt, signs messages and typed data", async () => {
    const provider = new IpcSocketProvider(signer.path);
    // Ethers waits for a block behind the one it subscribed at; a chain goes on, automine does not.
    const blocks = setInterval(() => void anvil.request("evm_mine"), 500);
    try {
      const account = await provider.getSigner();
      expect(account.address).to.equal(wallet.address);
      const sent = await account.sendTransaction({ to: friend, value: 1n });
      const receipt = await sent.wait();
      expect(receipt?.status).to.equal(1);
      expect(verifyMessage("hello", await account.signMessage("hello"))).to.equal(wallet.address);
      const domain = { name: "Test", chainId: 11155111, verifyingContract: friend };
      const types = { Order: [{ name: "amount", type: "uint256" }] };
      const signature = await account.signTypedData(domain, types, { amount: 7n });
      expect(verifyTypedData(domain, types, { amount: 7n }, signature)).to.equal(wallet.address);
    } finally {
      clearInterval(blocks);
      provider.destroy();
    }
  });

  it("is an account to viem's ipc(), which sends JSON with nothing behind it", async () => {
    const viem = createWalletClient({ chain: sepolia, transport: ipc(signer.path) }).extend(publicActions);
    const [account] = await viem.getAddresses();
    if (account === undefined) throw new Error("no account");
    expect(account).to.equal(wallet.address);
    const hash = await viem.sendTransaction({ account, to: friend, value: 2n });
    expect((await viem.waitForTransactionReceipt({ hash })).status).to.equal("success");
    expect(await viem.signMessage({ account, message: "hi" })).to.match(/^0x[0-9a-f]{130}$/u);
    (await viem.transport.getRpcClient()).close();
  });

  it("is an account to a script of hardhat run, whose process has no key", async () => {
    const run = await project.run(["run", "scripts/use.ts", "--network", "sepolia"], {
      SEPOLIA_URL: anvil.url,
      SIGNER: signer.path,
    });
    expect(run.code, run.stderr).to.equal(0);
    expect(run.stdout).to.contain(`owner ${wallet.address}`);
  });

  it("answers curl --unix-socket, single calls and batches", async () => {
    const curl = async (body: unknown) => {
      const { stdout } = await promisify(execFile)("curl", [
        "-sS",
        "--unix-socket",
        signer.path,
        "-H",
        "Content-Type: application/json",
        "-d",
        JSON.stringify(body),
        "http://localhost/",
      ]);
      return JSON.parse(stdout) as unknown;
    };
    const accounts = { jsonrpc: "2.0", id: 1, method: "eth_accounts", params: [] };
    const reply = { jsonrpc: "2.0", id: 1, result: [wallet.address] };
    expect(await curl(accounts)).to.deep.equal(reply);
    expect(await curl([accounts, { ...accounts, id: 2, method: "eth_chainId" }])).to.deep.equal([
      reply,
      { jsonrpc: "2.0", id: 2, result: "0xaa36a7" },
    ]);
  });

  it("signs for a deployment, and the client checks that the bytes are the transaction it asked for", async () => {
    const { address, signTransaction, close } = await connectSigner(signer.path);
    const nonce = Number(await anvil.request("eth_getTransactionCount", address, "latest"));
    const raw = await signTransaction({
      type: 2,
      chainId: 11155111,
      nonce,
      to: null,
      data: "0x6001600c60003960016000f300",
      value: 0n,
      gasLimit: 100_000n,
      maxFeePerGas: 3_000_000_000n,
      maxPriorityFeePerGas: 1_000_000_000n,
    });
    const hash = await anvil.request("eth_sendRawTransaction", raw);
    const receipt = await receiptOf(anvil, hash);
    expect(receipt["contractAddress"]).to.match(/^0x[0-9a-f]{40}$/u);
    const legacy = {
      type: 0,
      chainId: 11155111,
      nonce: nonce + 1,
      to: friend,
      data: "0x",
      value: 0n,
      gasLimit: 21_000n,
    };
    expect(await signTransaction({ ...legacy, gasPrice: 2_000_000_000n })).to.match(/^0xf8/u);
    close();
  });

  for (const [what, transaction, reason] of [
    ["a stranger", { to: stranger, value: "0x1" }, "not among the rules' recipients"],
    ["too much value", { to: friend, value: "0x2386f26fc10001" }, "is above 0.01 ETH"],
    [
      "too high a fee",
      { to: friend, gas: "0x5208", maxFeePerGas: "0xffffffffffff", maxPriorityFeePerGas: "0x1" },
      "fee of",
    ],
  ] as const)
    it(`refuses ${what}, since nobody can be asked`, async () => {
      const before = await anvil.request("eth_getTransactionCount", wallet.address, "pending");
      const refused = await rejection(send(transaction));
      expect(refused).to.be.instanceOf(JsonRpcError).and.to.have.property("rpcCode", 4001);
      expect(refused.message).to.contain(reason);
      expect(await anvil.request("eth_getTransactionCount", wallet.address, "pending")).to.equal(before);
    });

  for (const [what, method, params, code] of [
    ["another chain", "eth_signTransaction", [{ from: "ME", to: friend, chainId: "0x1" }], -32_602],
    [
      "an authorization of EIP-7702",
      "eth_signTransaction",
      [{ from: "ME", to: friend, authorizationList: [] }],
      -32_602,
    ],
    [
      "two prices at once",
      "eth_signTransaction",
      [{ from: "ME", to: friend, gasPrice: "0x1", maxFeePerGas: "0x1" }],
      -32_602,
    ],
    ["an account it does not hold", "eth_signTransaction", [{ from: stranger, to: friend }], 4100],
    ["eth_sign, which would sign any hash", "eth_sign", ["ME", `0x${"11".repeat(32)}`], 4200],
    ["typed data for another contract", "eth_signTypedData_v4", ["ME", typedData(stranger)], 4001],
    [
      "typed data with another primary type",
      "eth_signTypedData_v4",
      ["ME", { ...typedData(friend), primaryType: "X" }],
      -32_602,
    ],
    ["the endpoint's own administration", "anvil_setBalance", [stranger, "0x1"], -32_601],
    ["unknown subscriptions", "eth_subscribe", ["logs", {}], -32_602],
  ] as const)
    it(`refuses ${what}`, async () => {
      const filled = JSON.parse(JSON.stringify(params).replaceAll('"ME"', JSON.stringify(wallet.address))) as unknown;
      const refused = await rejection(client.request(method, filled));
      expect(refused).to.be.instanceOf(JsonRpcError).and.to.have.property("rpcCode", code);
    });

  it("gives ten transactions that come at once ten nonces", async () => {
    const hashes = await Promise.all(Array.from({ length: 10 }, () => send({ to: friend, value: "0x1" })));
    expect(new Set(hashes)).to.have.length(10);
    const found = await Promise.all(hashes.map(async (hash) => receiptOf(anvil, hash)));
    expect(found.map(({ status }) => status)).to.deep.equal(hashes.map(() => "0x1"));
  });

  it("passes the endpoint's refusals on with their code and data", async () => {
    const revert = { to: friend, data: "0x", from: wallet.address, value: `0x${(10n ** 30n).toString(16)}` };
    expect(await rejection(client.request("eth_call", [revert, "latest"]))).to.be.instanceOf(JsonRpcError);
  });

  it("logs what it signed and refused, with the peer and without a secret", async () => {
    const log = await readFile(join(project.folder, "audit.jsonl"), "utf8");
    const entries = log
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(entries[0]).to.include({ event: "started" });
    const signed = entries.find(({ event }) => event === "signed");
    expect(signed).to.deep.include({ by: "rules", account: wallet.address });
    expect(signed.peer).to.include({ pid: process.pid, uid: process.getuid?.() });
    expect(signed.transaction).to.include({ chainId: 11155111, to: friend, value: "1" });
    expect(entries.filter(({ event }) => event === "refused")).to.have.length(4);
    for (const secret of [wallet.mnemonic, wallet.privateKey.slice(2)]) expect(log).not.to.contain(secret);
    expect((await stat(join(project.folder, "audit.jsonl"))).mode & 0o777).to.equal(0o600);
  });

  it("refuses a second signer on the same socket, and leaves the first alone", async () => {
    const second = startSigner({ project, env, args: await writeRules(project, rules) });
    await second.shows("already owns");
    expect(await second.ended).to.equal(1);
    expect(await client.request("eth_accounts", [])).to.deep.equal([wallet.address]);
  });

  it("has its lock closed by anyone and opened by nobody without a terminal; then starts again over kill -9", async () => {
    const locked = await project.run(["ipc", "signer", "lock", "--path", signer.path, "--json"]);
    expect(JSON.parse(locked.stdout)).to.deep.equal({ locked: true });
    expect(await rejection(send({ to: friend }))).to.have.property("rpcCode", 4100);
    const unlocked = await project.run(["ipc", "signer", "unlock", "--path", signer.path]);
    expect(unlocked).to.include({ code: 1, stdout: "" });
    expect(unlocked.stderr).to.contain("no terminal to unlock it on");
    await signer.kill("SIGKILL");
    await stat(signer.path);
    signer = startSigner({ project, env, args: await writeRules(project, rules) });
    await signer.shows("listens");
    client = await connectJsonRpc({ path: signer.path }, { capBytes: 1_000_000 });
    expect(await send({ to: friend })).to.match(/^0x[0-9a-f]{64}$/u);
    const status = await project.run(["ipc", "signer", "status", "--path", signer.path, "--json"]);
    expect(JSON.parse(status.stdout)).to.include({ chainId: 11155111, locked: false, locksAt: null });
  });

  it("opens the Hardhat keystore, so that the environment needs no secret", async () => {
    const { MNEMONIC: mnemonic, ...rest } = env;
    const kept = { ...rest, XDG_CONFIG_HOME: join(project.folder, "config"), HOME: project.folder };
    const path = join(project.folder, "keystore.sock");
    const setting = promisify(execFile)(
      join(repository, "node_modules/.bin/hardhat"),
      ["keystore", "set", "--dev", "MNEMONIC"],
      {
        cwd: project.folder,
        env: { PATH: `${join(repository, "node_modules/.bin")}:${process.env["PATH"] ?? ""}`, ...kept },
      },
    );
    setting.child.stdin?.end(`${mnemonic ?? ""}\n`);
    await setting;
    const opened = startSigner({ project, env: kept, path, args: await writeRules(project, rules) });
    await opened.shows("listens");
    expect(opened.shown()).to.contain(`account  ${wallet.address}`).and.not.to.contain("Warning");
    expect(await opened.kill("SIGTERM")).to.equal(0);
  });

  it("ends cleanly on SIGTERM and frees its socket's lock", async () => {
    client.close();
    expect(await signer.kill("SIGTERM")).to.equal(0);
    expect(await rejection(connectSigner(signer.path))).to.be.instanceOf(NoSignerError);
  });
});

function typedData(verifyingContract: string) {
  return {
    types: { Order: [{ name: "amount", type: "uint256" }] },
    primaryType: "Order",
    domain: { name: "Test", chainId: 11155111, verifyingContract },
    message: { amount: "7" },
  };
}
