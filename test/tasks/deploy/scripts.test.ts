import { expect } from "chai";
import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { type Anvil, startAnvil } from "../../helpers/anvil.ts";
import { creationsBy } from "../../helpers/oracle.ts";
import { makeProject, type Project } from "../../helpers/project.ts";
import { fund, type Funded } from "../../helpers/wallet.ts";

const counter = `// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

contract Counter {
    error TooLarge(uint256 limit);

    uint256 public count;
    address public immutable owner = msg.sender;

    constructor(uint256 start) payable {
        count = start;
    }

    function add(uint256 amount) external payable returns (uint256) {
        if (amount > 100) revert TooLarge(100);
        return count += amount;
    }
}

contract Mirror {
    uint256 public seen;

    constructor(Counter counter) {
        seen = counter.count();
    }
}
`;

const script = (body: string) =>
  `import { deployment } from "{repository}/src/deploy/script.ts";\nexport default deployment(async ({ deploy, call, account, contractAt, network }) => {\n${body}\n});\n`;

describe("deployment scripts", function () {
  this.timeout(120_000);
  let anvil: Anvil;
  let template: Project;
  let project: Project;
  let wallet: Funded;

  before(async () => {
    anvil = await startAnvil();
    template = await makeProject({ "contracts/Counter.sol": counter });
    await template.build();
  });

  after(async () => {
    await anvil.stop();
    await template.remove();
  });

  beforeEach(async () => {
    project = await template.copy();
    wallet = await fund(anvil);
  });

  afterEach(() => project.remove());

  async function deploy(body: string, args: readonly string[] = []) {
    await project.write({ "scripts/deploy/001_counter.ts": script(body) });
    return project.run(["deploy", "--network", "sepolia", "--yes", "--json", ...args], {
      MNEMONIC: wallet.mnemonic,
      SEPOLIA_URL: anvil.url,
    });
  }

  const read = async (name: string) =>
    JSON.parse(await readFile(join(project.folder, `deployments/sepolia/${name}.json`), "utf8")) as {
      address: string;
      args: string[];
      receipt: { from: string };
      metacoin: { calls: unknown[] };
    };
  const count = async () =>
    Number(await anvil.request("eth_call", { to: (await read("Counter")).address, data: "0x06661abd" }, "latest"));

  it("sends a call once, however often the script runs, and twice where the script says it twice", async () => {
    const body = `const counter = await deploy("Counter", { args: [5] }); await call(counter, "add", [7]); await call(counter, "add", [7]);`;
    const first = await deploy(body);
    expect(first.code, first.stderr).to.equal(0);
    expect(await count()).to.equal(19);
    expect((await read("Counter")).metacoin.calls).to.have.length(2);
    const again = await deploy(body);
    expect((JSON.parse(again.stdout) as { status: string }).status).to.equal("unchanged");
    expect(await count()).to.equal(19);
  });

  it("rehearses on a fork only where a script touches what stood before, and says so", async () => {
    await deploy(`await deploy("Counter", { args: [5] });`);
    const more = await deploy(
      `const counter = await deploy("Counter", { args: [5] });\nif ((await counter.count()) === 5n) await call(counter, "add", [3]);\nawait deploy("Mirror", { args: [counter] });`,
    );
    expect(more.code, more.stderr).to.equal(0);
    expect(more.stderr).to.contain("Rehearsing on a fork: a script reads Counter");
    expect(await count()).to.equal(8);
    expect((await read("Mirror")).args).to.deep.equal([(await read("Counter")).address]);
    expect(await creationsBy(anvil, wallet.address)).to.have.length(2);
  });

  it("uses contracts of the target that the project did not deploy", async () => {
    await deploy(`await deploy("Counter", { args: [40] });`);
    const { address } = await read("Counter");
    const other = await fund(anvil);
    const elsewhere = await template.copy();
    await elsewhere.write({
      "scripts/deploy/001_mirror.ts": script(
        `const counter = await contractAt("Counter", "${address}"); await deploy("Mirror", { args: [counter] });`,
      ),
    });
    const result = await elsewhere.run(["deploy", "--network", "sepolia", "--yes", "--json"], {
      MNEMONIC: other.mnemonic,
      SEPOLIA_URL: anvil.url,
    });
    expect(result.code, result.stderr).to.equal(0);
    expect(result.stderr).to.contain("Rehearsing on a fork");
    expect(await creationsBy(anvil, other.address)).to.have.length(1);
    await elsewhere.remove();
  });

  it("gives a later script what an earlier one deployed", async () => {
    await project.write({
      "scripts/deploy/002_more.ts": script(
        `const counter = await deploy("Counter", { args: [5] }); await deploy("Mirror", { args: [counter] });`,
      ),
    });
    const { code, stderr } = await deploy(`await deploy("Counter", { args: [5] });`);
    expect(code, stderr).to.equal(0);
    expect(await creationsBy(anvil, wallet.address)).to.have.length(2);
  });

  it("sends value, and from another account of the mnemonic", async () => {
    const { HDNodeWallet } = await import("ethers");
    const second = HDNodeWallet.fromPhrase(wallet.mnemonic, undefined, "m/44'/60'/0'/0/1").address;
    await anvil.request("anvil_setBalance", second, "0xde0b6b3a7640000");
    const { code, stderr } = await deploy(
      `const counter = await deploy("Counter", { args: [1], value: 9n });\nawait call(counter, "add", [2], { from: account(1), value: 4n });\nawait deploy("Second", { contract: "Counter", args: [0], from: account(1) });`,
    );
    expect(code, stderr).to.equal(0);
    const { address } = await read("Counter");
    expect(Number(await anvil.request("eth_getBalance", address, "latest"))).to.equal(13);
    expect((await read("Second")).receipt.from.toLowerCase()).to.equal(second.toLowerCase());
  });

  it("reports a call that reverts with its custom error before anything is sent", async () => {
    const { code, stderr } = await deploy(
      `const counter = await deploy("Counter", { args: [1] }); await call(counter, "add", [101]);`,
    );
    expect(code).to.equal(1);
    expect(stderr).to.contain("Counter.add reverts in the rehearsal: TooLarge(100)");
    expect(Number(await anvil.request("eth_getTransactionCount", wallet.address, "pending"))).to.equal(0);
  });

  it("names the script and the line where one throws", async () => {
    const { code, stderr } = await deploy(`throw new Error("no such thing");`);
    expect(code).to.equal(1);
    expect(stderr).to.contain("scripts/deploy/001_counter.ts failed in the rehearsal").and.to.contain("no such thing");
  });

  it("refuses wrong arguments, a name used twice, and tags nobody has", async () => {
    expect((await deploy(`await deploy("Counter");`)).stderr).to.contain(
      "The constructor of Counter takes 1 argument; the script gives 0",
    );
    expect(
      (await deploy(`await deploy("Counter", { args: [1] }); await deploy("Counter", { args: [2] });`)).stderr,
    ).to.contain(`The scripts deploy "Counter" twice`);
    const tagged = await deploy(`await deploy("Counter", { args: [1] });`, ["--tags", "none"]);
    expect(tagged.code).to.equal(2);
  });
});
