import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";
import { parse } from "dotenv";

import { setVariable, VariableSetError } from "../../../src/wallet/env-file.ts";
import { rejection } from "../../helpers/rejection.ts";

describe("wallet/env-file", () => {
  let folder: string;
  let path: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "metacoin-env-"));
    path = join(folder, ".env");
  });

  afterEach(() => rm(folder, { recursive: true }));

  it("makes the file, for its owner alone, and leaves nothing beside it", async () => {
    expect(await setVariable(path, "MNEMONIC", "some words")).to.deep.equal(["MNEMONIC"]);
    expect(await readFile(path, "utf8")).to.equal('MNEMONIC="some words"\n');
    expect((await stat(path)).mode & 0o777).to.equal(0o600);
    expect(await readdir(folder)).to.deep.equal([".env"]);
  });

  it("keeps the other lines, and takes the right to read from others", async () => {
    await writeFile(path, "# a comment\nSEPOLIA_URL=https://one,https://two", { mode: 0o644 });
    expect(await setVariable(path, "MNEMONIC", "a b")).to.deep.equal(["SEPOLIA_URL", "MNEMONIC"]);
    expect(await readFile(path, "utf8")).to.equal('# a comment\nSEPOLIA_URL=https://one,https://two\nMNEMONIC="a b"\n');
    expect((await stat(path)).mode & 0o777).to.equal(0o600);
  });

  for (const line of ["MNEMONIC=old words", "  export MNEMONIC = 'old words' # mine", 'MNEMONIC="old\nwords"'])
    it(`does not lose ${JSON.stringify(line)} but by force, and then replaces it where it stood`, async () => {
      await writeFile(path, `A=1\n${line}\nB=2\n`);
      const error = await rejection(setVariable(path, "MNEMONIC", "new words"));
      expect(error).to.be.an.instanceOf(VariableSetError);
      expect(await readFile(path, "utf8")).to.equal(`A=1\n${line}\nB=2\n`);
      await setVariable(path, "MNEMONIC", "new words", { force: true });
      expect(await readFile(path, "utf8")).to.equal('A=1\nMNEMONIC="new words"\nB=2\n');
    });

  it("fills a line that is empty or commented out without being forced", async () => {
    await writeFile(path, "MNEMONIC=\nPRIVATE_KEY=''\n# MNEMONIC=example\n");
    expect(await setVariable(path, "MNEMONIC", "w")).to.deep.equal(["MNEMONIC"]);
    expect(await readFile(path, "utf8")).to.equal("MNEMONIC=\"w\"\nPRIVATE_KEY=''\n# MNEMONIC=example\n");
  });

  it("leaves one assignment where there were several", async () => {
    await writeFile(path, "MNEMONIC=one\r\nA=1\r\nMNEMONIC=two\r\nMNEMONIC=three");
    await setVariable(path, "MNEMONIC", "w", { force: true });
    expect(await readFile(path, "utf8")).to.equal('MNEMONIC="w"\r\nA=1\r\n');
  });

  it("is not misled by the name inside another value", async () => {
    const text = 'NOTE="a\nMNEMONIC=no\n"\nMY_MNEMONIC=x\n';
    await writeFile(path, text);
    await setVariable(path, "MNEMONIC", "w");
    expect(await readFile(path, "utf8")).to.equal(`${text}MNEMONIC="w"\n`);
    expect(parse(await readFile(path, "utf8"))).to.deep.equal({
      NOTE: "a\nMNEMONIC=no\n",
      MY_MNEMONIC: "x",
      MNEMONIC: "w",
    });
  });
});
