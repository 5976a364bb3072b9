import { execFile } from "node:child_process";
import { readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { expect } from "chai";
import { parse } from "dotenv";

import { deriveAccounts } from "../../../src/wallet/accounts.ts";
import { parseMnemonic } from "../../../src/wallet/secret.ts";
import { type Anvil, startAnvil } from "../../helpers/anvil.ts";
import { makeProject, type Project, repository } from "../../helpers/project.ts";
import { tellsWords } from "../../helpers/wallet.ts";

type Account = { index: number; address: string; path?: string; balance: string; nonce: number };

describe("hardhat mnemonic", function () {
  this.timeout(120_000);
  let project: Project;
  const env = () => join(project.folder, ".env");

  beforeEach(async () => {
    project = await makeProject({});
  });

  afterEach(() => project.remove());

  it("prints words, their first address, and on stderr to show them to nobody", async () => {
    const { code, stdout, stderr } = await project.run(["mnemonic", "--words", "24"]);
    const [phrase = "", , account = ""] = stdout.split("\n");
    expect(code, stderr).to.equal(0);
    expect(phrase.split(" ")).to.have.length(24);
    const [first] = await deriveAccounts(await parseMnemonic(phrase));
    expect(account).to.equal(`${first?.address ?? ""}  m/44'/60'/0'/0/0`);
    expect(stderr).to.contain("nobody");
  });

  it("--write puts them into .env, for the owner alone, and tells the address and no word", async () => {
    await writeFile(env(), "# mine\nSEPOLIA_URL=https://one.example\n", { mode: 0o644 });
    const { code, stdout, stderr } = await project.run(["mnemonic", "--write", "--json"]);
    expect(code, stderr).to.equal(0);
    const text = await readFile(env(), "utf8");
    const phrase = parse(text)["MNEMONIC"] ?? "";
    const [first] = await deriveAccounts(await parseMnemonic(phrase));
    expect(JSON.parse(stdout)).to.deep.equal({ address: first?.address, path: first?.path, file: env() });
    expect(tellsWords(`${stdout}${stderr}`, phrase), `${stdout}${stderr}`).to.equal(false);
    expect(text).to.contain("# mine\nSEPOLIA_URL=https://one.example\n");
    expect((await stat(env())).mode & 0o777).to.equal(0o600);
  });

  it("does not replace words, but by force; says that a private key would win", async () => {
    await writeFile(env(), "MNEMONIC=old words\nPRIVATE_KEY=0x12\n");
    const refused = await project.run(["mnemonic", "--write"]);
    expect(refused.code).to.equal(1);
    expect(refused.stdout).to.equal("");
    expect(refused.stderr).to.contain("--force");
    expect(parse(await readFile(env()))["MNEMONIC"]).to.equal("old words");
    const forced = await project.run(["mnemonic", "--write", "--force", "--language", "spanish"]);
    expect(forced.code, forced.stderr).to.equal(0);
    expect(forced.stderr).to.contain("PRIVATE_KEY");
    expect(parse(await readFile(env()))["MNEMONIC"]?.split(" ")).to.have.length(12);
  });

  it("ends with 2 where it was typed in a way that cannot be meant", async () => {
    for (const args of [["--words", "13"], ["--language", "klingon"], ["--force"]])
      expect((await project.run(["mnemonic", ...args])).code, args.join(" ")).to.equal(2);
  });
});

describe("hardhat accounts", function () {
  this.timeout(120_000);
  const words = "legal winner thank year wave sausage worth useful legal winner thank yellow";
  let project: Project;
  let anvil: Anvil;

  before(async () => {
    [project, anvil] = await Promise.all([makeProject({}), startAnvil()]);
  });

  after(async () => {
    await anvil.stop();
    await project.remove();
  });

  it("shows index, address, path, balance and nonce, and never a secret", async () => {
    const [first, second] = await deriveAccounts(words, { count: 2 });
    await anvil.request("anvil_setBalance", first?.address, `0x${(3n * 10n ** 18n).toString(16)}`);
    await anvil.request("anvil_setNonce", second?.address, "0x7");
    const env = { MNEMONIC: words, SEPOLIA_URL: anvil.url };
    const args = ["accounts", "--network", "sepolia", "--count", "2"];
    const [json, text] = await Promise.all([project.run([...args, "--json"], env), project.run(args, env)]);
    expect(json.code, json.stderr).to.equal(0);
    const { accounts } = JSON.parse(json.stdout) as { accounts: Account[] };
    expect(accounts).to.deep.equal([
      { index: 0, address: first?.address, path: "m/44'/60'/0'/0/0", balance: "3000000000000000000", nonce: 0 },
      { index: 1, address: second?.address, path: "m/44'/60'/0'/0/1", balance: "0", nonce: 7 },
    ]);
    expect(text.stdout.split("\n")).to.deep.include.members([
      "Accounts on sepolia (chain 11155111)",
      `  0  ${first?.address ?? ""}            3      0  m/44'/60'/0'/0/0`,
    ]);
    const everything = [json, text].map(({ stdout, stderr }) => `${stdout}${stderr}`).join("\n");
    for (const secret of [words, first?.privateKey, second?.privateKey, first?.privateKey.slice(2)])
      expect(everything).not.to.contain(secret);
  });

  it("shows the one account of a private key", async () => {
    const [first] = await deriveAccounts(words);
    const env = { PRIVATE_KEY: first?.privateKey ?? "", SEPOLIA_URL: anvil.url };
    const { stdout } = await project.run(["accounts", "--network", "sepolia", "--json"], env);
    const { accounts } = JSON.parse(stdout) as { accounts: Account[] };
    expect(accounts.map(({ address, path }) => [address, path])).to.deep.equal([[first?.address, undefined]]);
  });

  it("refuses an endpoint of another chain, whose balances would mislead", async () => {
    const { code, stdout, stderr } = await project.run(["accounts", "--network", "hoodi", "--json"], {
      MNEMONIC: words,
      HOODI_URL: anvil.url,
    });
    expect(code, stderr).to.equal(1);
    expect(JSON.parse(stdout)).to.have.nested.property("error.code", "WRONG_CHAIN");
  });

  it("refuses words that everybody has, and a count that cannot be meant", async () => {
    const env = { MNEMONIC: "test test test test test test test test test test test junk", SEPOLIA_URL: anvil.url };
    const refused = await project.run(["accounts", "--network", "sepolia", "--json"], env);
    expect(refused.code).to.equal(1);
    expect(JSON.parse(refused.stdout)).to.have.nested.property("error.code", "WELL_KNOWN_SECRET");
    expect((await project.run(["accounts", "--count", "0"])).code).to.equal(2);
  });

  it("reads what Hardhat's keystore holds", async () => {
    const env = { XDG_CONFIG_HOME: join(project.folder, "config"), HOME: project.folder };
    await keepInKeystore(project, "MNEMONIC", words, env);
    const [first] = await deriveAccounts(words);
    const { stdout, stderr } = await project.run(["accounts", "--network", "sepolia", "--json"], {
      ...env,
      SEPOLIA_URL: anvil.url,
    });
    expect((JSON.parse(stdout) as { accounts: Account[] }).accounts[0]?.address, stderr).to.equal(first?.address);
  });
});

/** `hardhat keystore set --dev NAME`, with the value typed on stdin. */
async function keepInKeystore({ folder }: Project, name: string, value: string, env: Record<string, string>) {
  const hardhat = join(repository, "node_modules/hardhat/dist/src/cli.js");
  await new Promise<void>((resolve, reject) => {
    const options = { cwd: folder, env: { PATH: process.env["PATH"], ...env } };
    const child = execFile(process.execPath, [hardhat, "keystore", "set", "--dev", name], options, (error) =>
      error === null ? resolve() : reject(error),
    );
    child.stdin?.end(`${value}\n`);
  });
}
