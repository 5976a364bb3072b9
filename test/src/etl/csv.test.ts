import { expect } from "chai";
import { array, assert, property, string } from "fast-check";
import Papa from "papaparse";

import { toCsv } from "../../../src/etl/csv.ts";

describe("toCsv", () => {
  const cell = (value: string | number | bigint | null) => toCsv(["a"], [[value]]).slice("a\r\n".length, -2);

  for (const text of ["=1+1", "+SUM(A1)", "-cmd", "@x", " =1", "\t@x", "\u00a0=1", "\u200b=1", "\n+x"])
    it(`guards ${JSON.stringify(text)}`, () => {
      expect(Papa.parse<string[]>(cell(text)).data.flat().join("\n").replace(/^"|"$/gu, "")).to.match(/^'/u);
    });

  for (const text of ["-5", "+4.5", "-1e9", "0x2d", "a=b", "1-2", ""])
    it(`leaves ${JSON.stringify(text)} alone`, () => {
      expect(cell(text)).to.equal(text);
    });

  it("leaves numbers alone", () => {
    expect([cell(-5), cell(-7n), cell(null)]).to.deep.equal(["-5", "-7", ""]);
  });

  it("quotes what would break a row: a quote, a comma, either line end", () => {
    expect([cell('a"b'), cell("a,b"), cell("a\nb"), cell("a\rb")]).to.deep.equal([
      '"a""b"',
      '"a,b"',
      '"a\nb"',
      '"a\rb"',
    ]);
  });

  it("comes back as it went, NUL characters and all", () => {
    assert(
      property(array(array(string(), { minLength: 2, maxLength: 2 }), { minLength: 1 }), (rows) => {
        const parsed = Papa.parse<string[]>(toCsv(["a", "b"], rows), { delimiter: ",", newline: "\r\n" }).data.slice(
          1,
          -1,
        );
        expect(parsed.length).to.equal(rows.length);
        for (const [at, row] of rows.entries())
          for (const [column, text] of row.entries()) expect(parsed[at]?.[column]).to.be.oneOf([text, `'${text}`]);
      }),
      { numRuns: 200 },
    );
  });
});
