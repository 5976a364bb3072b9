import { expect } from "chai";
import * as fc from "fast-check";
import { Mnemonic, randomBytes, wordlists as ethersWordlists } from "ethers";

import { InvalidSecretError, parseMnemonic, parsePrivateKey } from "../../../src/wallet/secret.ts";
import { rejection } from "../../helpers/rejection.ts";

const WORDS = "legal winner thank year wave sausage worth useful legal winner thank yellow";

describe("wallet/secret: parseMnemonic", () => {
  it("takes words of every length and brings them into one form", async () => {
    for (const bytes of [16, 20, 24, 28, 32]) {
      const { phrase } = Mnemonic.fromEntropy(randomBytes(bytes));
      expect(await parseMnemonic(`  ${phrase.replaceAll(" ", "\n ").toUpperCase()} `)).to.equal(phrase);
    }
  });

  it("takes words of another language, composed or not", async () => {
    for (const list of [ethersWordlists["ja"], ethersWordlists["es"], ethersWordlists["ko"], ethersWordlists["fr"]]) {
      const { phrase } = Mnemonic.fromEntropy(randomBytes(16), "", list);
      const normal = phrase.normalize("NFKD");
      expect(await parseMnemonic(phrase.normalize("NFC"))).to.equal(normal);
    }
  });

  const faults = [
    ["eleven words", WORDS.replace("legal ", ""), "this one has 11"],
    ["nothing", "", "this one has 1"],
    ["a typing error", WORDS.replace("sausage", "sausages"), "word 6 of 12"],
    ["two typing errors", WORDS.replaceAll("winner", "winer"), "word 2, 10 of 12"],
    ["words out of order", WORDS.replace("legal winner", "winner legal"), "checksum"],
    ["other words altogether", "eins zwei drei vier fünf sechs sieben acht neun zehn elf zwölf", "None of the words"],
  ] as const;
  for (const [name, text, message] of faults)
    it(`refuses ${name}, and repeats no word`, async () => {
      const error = await rejection(parseMnemonic(text));
      expect(error).to.be.an.instanceOf(InvalidSecretError);
      expect(error.message).to.contain(message);
      for (const word of text.split(" ").filter((part) => part.length > 4)) expect(error.message).not.to.contain(word);
    });
});

describe("wallet/secret: parsePrivateKey", () => {
  it("takes 64 digits with or without 0x", () => {
    const key = "4c0883a69102937d6231471b5dbb6204fe5129617082792ae468d01a3f362318";
    for (const text of [key, `0x${key}`, ` 0X${key.toUpperCase()}\n`])
      expect(parsePrivateKey(text)).to.equal(`0x${key}`);
  });

  it("refuses what is no key of secp256k1", () => {
    const order = "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141";
    for (const text of ["", "0x", "0x12", "0".repeat(64), order, "f".repeat(64), "g".repeat(64), "1".repeat(65)])
      expect(() => parsePrivateKey(text), text).to.throw(InvalidSecretError);
    expect(parsePrivateKey(order.replace(/1$/u, "0"))).to.match(/^0xf/u);
  });

  it("never repeats what it refuses", () => {
    fc.assert(
      fc.property(fc.string({ minLength: 6 }), (text) => {
        try {
          parsePrivateKey(text);
        } catch (error) {
          expect((error as Error).message).not.to.contain(text);
        }
      }),
    );
  });
});
