import { expect } from "chai";
import fc from "fast-check";

import { parseChecksum } from "../../../src/upload/checksum.ts";
import { UploadError } from "../../../src/upload/failures.ts";
import { parseConcat, parseLength, parseMetadata, parseNumber } from "../../../src/upload/tus-headers.ts";

describe("upload: tus headers", () => {
  it("survives 10,000 headers of any kind: a value or a refusal", function () {
    this.timeout(120_000);
    const word = fc.constantFrom(
      "filename",
      " ",
      ",",
      "=",
      "YQ==",
      "final;",
      "partial",
      "/files/",
      "0".repeat(32),
      "http://",
      "sha1",
      "-",
      "1",
      "9".repeat(17),
      "\u0000",
      "é",
      "%2e%2e",
      "../",
    );
    const text = fc.oneof(
      fc.array(word, { maxLength: 12 }).map((words) => words.join("")),
      fc.string({ maxLength: 60 }),
    );
    const parsers: ((text: string) => unknown)[] = [
      parseMetadata,
      parseConcat,
      parseChecksum,
      (value) => parseNumber({ "upload-offset": value }, "upload-offset"),
      (value) => parseLength({ "upload-length": value }),
      (value) => parseLength({ "upload-defer-length": value }),
    ];
    fc.assert(
      fc.property(text, (value) => {
        for (const parse of parsers) {
          try {
            parse(value);
          } catch (error) {
            if (!(error instanceof UploadError)) throw error;
            expect(error.status).to.be.within(400, 499);
          }
        }
      }),
      { numRuns: 10_000 },
    );
  });

  it("reads any metadata back", () => {
    const key = fc.stringMatching(/^[!-+\--~]{1,20}$/u);
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.tuple(key, fc.string({ unit: "grapheme" })), { selector: ([name]) => name, maxLength: 8 }),
        (pairs) => {
          const text = pairs
            .map(([name, value]) => `${name} ${Buffer.from(value).toString("base64")}`.trimEnd())
            .join(",");
          expect([...parseMetadata(text)]).to.deep.equal(pairs);
        },
      ),
    );
  });

  it("takes whole numbers that JavaScript can count to, and no others", () => {
    expect(parseNumber({ n: "9007199254740991" }, "n")).to.equal(Number.MAX_SAFE_INTEGER);
    expect(parseNumber({}, "n")).to.be.undefined;
    for (const n of ["-1", "", " 1", "0x1", "1.0", "1e3", "9007199254740992", "٣"])
      expect(() => parseNumber({ n }, "n"), n).to.throw(UploadError);
  });
});
