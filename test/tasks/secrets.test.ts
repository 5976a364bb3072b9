import { expect } from "chai";
import hre, { hooks } from "hardhat";

import { UsageError } from "../../src/errors.ts";
import { HARDHAT_PHRASE } from "../../src/wallet/known.ts";
import { isLive, readAccounts, readAccountSecret, readEndpoints } from "../../tasks/secrets.ts";
import { rejection } from "../helpers/rejection.ts";

const WORDS = "legal winner thank year wave sausage worth useful legal winner thank yellow";
const KEY = `0x${"42".repeat(32)}`;
const variables = ["MNEMONIC", "PRIVATE_KEY", "SEPOLIA_URL"] as const;
const saved = variables.map((name) => process.env[name]);

/** Sets the variables that are named and clears the others. */
function setEnvironment(values: Partial<Record<(typeof variables)[number], string>>): void {
  for (const name of variables) {
    const value = values[name];
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
}

describe("tasks/secrets", () => {
  beforeEach(() => setEnvironment({}));

  after(() => setEnvironment(Object.fromEntries(variables.map((name, index) => [name, saved[index]]))));

  it("reads one URL or several, in their order", async () => {
    setEnvironment({ SEPOLIA_URL: "https://one.example/key" });
    expect(await readEndpoints(hre, "sepolia")).to.deep.equal(["https://one.example/key"]);
    setEnvironment({ SEPOLIA_URL: " http://one.example , https://two.example/v2/key, " });
    expect(await readEndpoints(hre, "sepolia")).to.deep.equal(["http://one.example", "https://two.example/v2/key"]);
  });

  it("needs no variable for the built-in chain and for localhost", async () => {
    expect(await readEndpoints(hre, "default")).to.deep.equal([]);
    expect(await readEndpoints(hre, "localhost")).to.deep.equal(["http://127.0.0.1:8545"]);
    for (const network of ["default", "localhost"]) {
      const [account] = await readAccounts(hre, network);
      expect(account?.address).to.equal("0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266");
      expect(isLive(hre, network)).to.equal(false);
    }
    expect(isLive(hre, "sepolia")).to.equal(true);
  });

  it("says which variable is missing, in which file, and the command that helps", async () => {
    const url = await rejection(readEndpoints(hre, "sepolia"));
    expect(url).to.deep.include({ code: "MISSING_VARIABLE" });
    expect(url.message).to.contain("SEPOLIA_URL").and.to.contain(".env");
    expect(url).to.have.property("hint").that.contains("npx hardhat keystore set SEPOLIA_URL");
    setEnvironment({ MNEMONIC: "", PRIVATE_KEY: "" });
    const secret = await rejection(readAccountSecret(hre));
    expect(secret).to.deep.include({ code: "MISSING_VARIABLE" });
    expect(secret.message).to.contain("MNEMONIC").and.to.contain(".env");
    expect(secret).to.have.property("hint").that.contains("npx hardhat mnemonic --write");
  });

  it("names the networks there are where one is misspelt", async () => {
    const error = await rejection(readEndpoints(hre, "seplia"));
    expect(error).to.be.an.instanceOf(UsageError).with.property("hint").that.contains("sepolia");
  });

  it("refuses what is no URL, and repeats nothing of it", async () => {
    for (const text of ["ws://node.example/secretkey", "secretkey", "https://one.example,secretkey", ","]) {
      setEnvironment({ SEPOLIA_URL: text });
      const error = await rejection(readEndpoints(hre, "sepolia"));
      expect(error).to.deep.include({ code: "INVALID_VARIABLE" });
      expect(`${JSON.stringify(error)} ${error.message}`).not.to.contain("secretkey");
    }
  });

  it("reads the words or the key; the key wins", async () => {
    setEnvironment({ MNEMONIC: `  ${WORDS.replaceAll(" ", "  ")} ` });
    expect(await readAccountSecret(hre)).to.deep.equal({ kind: "mnemonic", phrase: WORDS });
    setEnvironment({ MNEMONIC: WORDS, PRIVATE_KEY: KEY.slice(2) });
    expect(await readAccountSecret(hre)).to.deep.equal({ kind: "privateKey", key: KEY });
    setEnvironment({ MNEMONIC: WORDS, PRIVATE_KEY: "" });
    expect(await readAccountSecret(hre)).to.deep.equal({ kind: "mnemonic", phrase: WORDS });
  });

  it("refuses words and keys that cannot be, and repeats nothing of them", async () => {
    for (const [name, text] of [
      ["MNEMONIC", WORDS.replace("sausage", "bratwurst")],
      ["PRIVATE_KEY", "bratwurst"],
    ] as const) {
      setEnvironment({ [name]: text });
      const error = await rejection(readAccounts(hre, "sepolia"));
      expect(error).to.deep.include({ code: "INVALID_VARIABLE" });
      expect(error.message).to.contain(name);
      expect(`${error.message} ${String(error.cause)} ${error.stack ?? ""}`).not.to.contain("bratwurst");
    }
  });

  it("refuses development wallets on a live network, as words and as keys", async () => {
    const hardhatKey = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";
    const truffle = "candy maple cake sugar pudding cream honey rich smooth crumble sweet treat";
    for (const values of [{ MNEMONIC: HARDHAT_PHRASE }, { MNEMONIC: truffle }, { PRIVATE_KEY: hardhatKey }]) {
      setEnvironment(values);
      expect(await rejection(readAccounts(hre, "sepolia"))).to.deep.include({ code: "WELL_KNOWN_SECRET" });
    }
    expect(await readAccounts(hre, "localhost", { count: 2 })).to.have.length(2);
  });

  it("asks what plugs into Hardhat, as the keystore does, for what the environment does not have", async () => {
    const asked: string[] = [];
    const handlers = {
      async fetchValue(_: unknown, { name }: { name: string }) {
        asked.push(name);
        return { PRIVATE_KEY: "", MNEMONIC: WORDS, SEPOLIA_URL: "https://kept.example" }[name] ?? "";
      },
    };
    hooks.registerHandlers("configurationVariables", handlers);
    try {
      expect(await readAccountSecret(hre)).to.deep.equal({ kind: "mnemonic", phrase: WORDS });
      expect(await readEndpoints(hre, "sepolia")).to.deep.equal(["https://kept.example"]);
      expect(asked).to.deep.equal(["PRIVATE_KEY", "MNEMONIC", "SEPOLIA_URL"]);
      setEnvironment({ MNEMONIC: WORDS });
      await readAccountSecret(hre);
      expect(asked).to.have.length(3);
    } finally {
      hooks.unregisterHandlers("configurationVariables", handlers);
    }
  });
});
