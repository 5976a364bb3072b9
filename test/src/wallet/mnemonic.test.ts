import { expect } from "chai";
import { validateMnemonic, wordlists } from "bip39";

import { UsageError } from "../../../src/errors.ts";
import { createMnemonic, LANGUAGES } from "../../../src/wallet/mnemonic.ts";
import { parseMnemonic, WORD_COUNTS } from "../../../src/wallet/secret.ts";
import { rejection } from "../../helpers/rejection.ts";

describe("wallet/mnemonic", () => {
  for (const words of WORD_COUNTS)
    it(`makes ${String(words)} words with a checksum that holds`, async () => {
      const phrase = await createMnemonic({ words });
      expect(phrase.split(" ")).to.have.length(words);
      expect(validateMnemonic(phrase, wordlists["english"])).to.equal(true);
    });

  for (const language of LANGUAGES)
    it(`makes words in ${language} that are read again`, async () => {
      const phrase = await createMnemonic({ language });
      expect(validateMnemonic(phrase, wordlists[language.replace("-", "_")])).to.equal(true);
      expect(await parseMnemonic(phrase)).to.equal(phrase.normalize("NFKD").replaceAll("\u3000", " "));
    });

  it("never makes the same words twice", async () => {
    const made = await Promise.all(Array.from({ length: 20 }, () => createMnemonic()));
    expect(new Set(made).size).to.equal(20);
  });

  it("refuses a length or a language that BIP-39 does not know", async () => {
    expect(await rejection(createMnemonic({ words: 13 }))).to.be.an.instanceOf(UsageError);
    expect(await rejection(createMnemonic({ language: "klingon" }))).to.be.an.instanceOf(UsageError);
  });
});
