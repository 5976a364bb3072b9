import { execFileSync } from "node:child_process";
import { chmod, readFile } from "node:fs/promises";
import { join } from "node:path";

import { expect } from "chai";

import type { Check } from "../../../src/doctor/check.ts";
import { render } from "../../../tasks/doctor/doctor.ts";
import { type Anvil, startAnvil } from "../../helpers/anvil.ts";
import { makeProject, type Project, repository } from "../../helpers/project.ts";

describe("npx hardhat doctor", function () {
  this.timeout(120_000);
  const phrase = "legal winner thank year wave sausage worth useful legal winner thank yellow";
  let project: Project;
  let anvil: Anvil;

  before(async () => {
    project = await makeProject({
      "package-lock.json": await readFile(join(repository, "package-lock.json"), "utf8"),
      ".env": "SEPOLIA_URL=secret\n",
      ".gitignore": ".env\n",
    });
    execFileSync("git", ["init", "-q", project.folder]);
    await chmod(join(project.folder, ".env"), 0o600);
    anvil = await startAnvil();
  });
  after(async () => {
    await anvil.stop();
    await project.remove();
  });

  async function diagnose(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
    const { code, stdout, stderr } = await project.run(["doctor", ...args, "--json"], env);
    const { checks } = JSON.parse(stdout) as { checks: readonly Check[] };
    return { code, stdout, stderr, of: (subject: string) => checks.find((check) => check.subject === subject) };
  }

  it("finds an installation as the lock file has it healthy", async () => {
    const { code, of } = await diagnose([]);
    expect([of("Node")?.status, of("Packages")?.status, of("Compiler")?.status, of(".env")?.finding]).to.deep.equal([
      "ok",
      "ok",
      "ok",
      "mode 0600, not in git",
    ]);
    expect(code).to.equal(0);
  });

  it("looks at the endpoint, the clock and the balance of a network", async () => {
    const { code, stdout, of } = await diagnose(["--network", "sepolia"], {
      SEPOLIA_URL: `${anvil.url}/?key=geheim`,
      MNEMONIC: phrase,
    });
    expect(of("Endpoint")?.finding).to.match(/^chain 11155111, \d+ ms a call$/u);
    expect(of("Clock")?.status).to.equal("ok");
    expect(of("Balance")?.status).to.equal("warning");
    expect(of("Balance")?.hint).to.equal("npx hardhat faucet --network sepolia");
    expect(code).to.equal(0);
    for (const secret of ["geheim", "sausage"]) expect(stdout).not.to.include(secret);
  });

  it("ends with 1 for an endpoint of another chain and for one that is not there", async () => {
    const urls = [anvil.url, "http://127.0.0.1:1/?key=geheim"].join(",");
    const { code, stdout, stderr, of } = await diagnose(["--network", "hoodi"], { HOODI_URL: urls, MNEMONIC: phrase });
    expect(of("Endpoint 1")?.finding).to.equal("is of chain 11155111, not 560048");
    expect(of("Endpoint 2")?.status).to.equal("broken");
    expect(of("Balance")).to.equal(undefined);
    expect(code).to.equal(1);
    expect([stdout, stderr].join("")).not.to.include("geheim");
  });

  it("ends with 1 for variables that are not set, with the commands that set them", async () => {
    const { code, of } = await diagnose(["--network", "hoodi"], { HOODI_URL: "", MNEMONIC: "", PRIVATE_KEY: "" });
    expect([of("Endpoint")?.status, of("Account")?.status]).to.deep.equal(["broken", "broken"]);
    expect(of("Account")?.hint).to.include("npx hardhat mnemonic --write");
    expect(code).to.equal(1);
  });

  it("ends with 1 for a .env that others can read, and for one that git tracks", async () => {
    await chmod(join(project.folder, ".env"), 0o644);
    const open = await diagnose([]);
    expect([open.code, open.of(".env")?.hint]).to.deep.equal([1, "chmod 600 .env"]);
    await chmod(join(project.folder, ".env"), 0o600);
    execFileSync("git", ["-C", project.folder, "add", "--force", ".env"]);
    const tracked = await diagnose([]);
    expect([tracked.code, tracked.of(".env")?.finding]).to.deep.equal([
      1,
      "git tracks it: its secrets go where the repository goes",
    ]);
  });

  it("renders a line a check, with what helps below it", () => {
    const checks: readonly Check[] = [
      { subject: "Node", status: "ok", finding: "26.10.0" },
      { subject: "Redis", status: "warning", finding: "is not installed", hint: "one\ntwo" },
      { subject: ".env", status: "broken", finding: "mode 0644", hint: "chmod 600 .env" },
    ];
    expect(render({ network: "sepolia", healthy: false, checks }).split("\n")).to.deep.equal([
      "ok       Node   26.10.0",
      "warning  Redis  is not installed",
      "                → one",
      "                → two",
      "broken   .env   mode 0644",
      "                → chmod 600 .env",
      "",
      "1 broken on sepolia; warnings: 1",
    ]);
  });
});
