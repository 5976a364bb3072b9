import { expect } from "chai";
import fc from "fast-check";

import { NameError } from "../../../src/upload/failures.ts";
import { checkDir, checkName, numbered, quote, splitPath } from "../../../src/upload/names.ts";

describe("upload: names", () => {
  it("means the same file by one name on a Mac and on a PC", () => {
    expect(checkName("u\u0308.txt")).to.equal("\u00FC.txt");
  });

  it("refuses what no listing could show, and what is longer than 255 bytes", () => {
    for (const name of [
      "",
      ".",
      "..",
      " a",
      "a ",
      "a/b",
      "a\\b",
      "a\u0000",
      "a\nb",
      "a\u0085",
      "\uD800",
      "a\u2028",
      "x".repeat(256),
      "ü".repeat(128),
    ])
      expect(() => checkName(name), JSON.stringify(name)).to.throw(NameError);
    expect(checkName("ü".repeat(127))).to.have.length(127);
  });

  it("reads directories and paths", () => {
    expect(checkDir("/a//b/")).to.equal("a/b");
    expect(splitPath("a/b/c.txt")).to.deep.equal({ dir: "a/b", name: "c.txt" });
    expect(splitPath("c.txt")).to.deep.equal({ dir: "", name: "c.txt" });
    for (const dir of ["a/../b", "..", "a/./b", "a/".repeat(33), `${"x".repeat(250)}/`.repeat(5)])
      expect(() => checkDir(dir), dir).to.throw(NameError);
  });

  it("gives numbers that are names again, however long the name", () => {
    expect([numbered("a.tar", 2), numbered(".env", 3), numbered("a", 2)]).to.deep.equal([
      "a (2).tar",
      ".env (3)",
      "a (2)",
    ]);
    expect(numbered(`a.${"b".repeat(253)}`, 2)).to.equal(`a.${"b".repeat(249)} (2)`);
    const name = fc.string({ unit: "grapheme", minLength: 1, maxLength: 300 });
    fc.assert(
      fc.property(name, fc.integer({ min: 2, max: 99_999 }), (text, count) => {
        const cut = Buffer.from(text.replace(/[/\\\s\p{C}\p{Z}.]/gu, "x"))
          .subarray(0, 255)
          .toString()
          .replaceAll("\uFFFD", "");
        fc.pre(cut !== "");
        expect(Buffer.byteLength(numbered(checkName(cut), count))).to.be.at.most(255);
      }),
    );
  });

  it("quotes any name so that it stays on its line and keeps its direction", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        expect(quote(text)).to.match(/^"[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]*"$/u);
        expect(
          JSON.parse(
            quote(text).replace(/\\u\{([0-9a-f]+)\}/gu, (_, code: string) =>
              String.fromCodePoint(Number.parseInt(code, 16)),
            ),
          ),
        ).to.equal(text);
      }),
      { numRuns: 1000 },
    );
  });
});
