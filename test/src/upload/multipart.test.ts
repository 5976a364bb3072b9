import { expect } from "chai";
import fc from "fast-check";

import { BadRequestError, UploadError } from "../../../src/upload/failures.ts";
import { boundaryOf, createMultipartParser } from "../../../src/upload/multipart.ts";
import { bounds } from "../../../src/upload/protocol.ts";

type Parsed = { fields: [string, string][]; files: [string, string][]; data: Buffer; ended: number };

/** What a parser says about `body` that comes in slices of these lengths. */
function parse(boundary: string, body: Buffer, lengths: readonly number[]): Parsed {
  const parsed: Parsed = { fields: [], files: [], data: Buffer.alloc(0), ended: 0 };
  const slices: Buffer[] = [];
  const parser = createMultipartParser(boundary, {
    onField: (name, value) => parsed.fields.push([name, value]),
    onFile: (name, filename) => parsed.files.push([name, filename]),
    onData: (bytes) => slices.push(Buffer.from(bytes)),
    onFileEnd: () => (parsed.ended += 1),
  });
  let at = 0;
  for (let turn = 0; at < body.length; turn += 1) {
    const length = Math.max(1, lengths[turn % Math.max(1, lengths.length)] ?? body.length);
    parser.push(body.subarray(at, at + length));
    at += length;
  }
  parser.end();
  return { ...parsed, data: Buffer.concat(slices) };
}

const form = (boundary: string, parts: readonly (readonly [head: string, body: Buffer])[]): Buffer =>
  Buffer.concat([
    ...parts.flatMap(([head, body]) => [
      Buffer.from(`--${boundary}\r\nContent-Disposition: form-data; ${head}\r\n\r\n`),
      body,
      Buffer.from("\r\n"),
    ]),
    Buffer.from(`--${boundary}--\r\n`),
  ]);

const boundary = fc.stringMatching(/^[\w'()+,./:=?-]{1,70}$/u);
const lengths = fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 8 });
/** Bytes that look like the boundary again and again. */
const hostile = (mark: string) =>
  fc
    .array(
      fc.constantFrom(
        "\r",
        "\n",
        "\r\n",
        "-",
        "--",
        `\r\n--${mark.slice(0, -1)}`,
        `--${mark}`,
        `\n--${mark}`,
        "x",
        "\u0000",
      ),
      { maxLength: 30 },
    )
    .map((words) => Buffer.from(words.join("")))
    .filter((bytes) => !Buffer.concat([Buffer.from("\r\n"), bytes, Buffer.from("\r\n")]).includes(`\r\n--${mark}`));

describe("upload: multipart", () => {
  it("gives back any form, however it is sliced", () => {
    const cases = boundary.chain((mark) =>
      fc.record({
        mark: fc.constant(mark),
        fields: fc.array(fc.tuple(fc.stringMatching(/^\w{1,10}$/u), hostile(mark)), { maxLength: 5 }),
        data: hostile(mark),
        lengths,
      }),
    );
    fc.assert(
      fc.property(cases, ({ mark, fields, data, lengths }) => {
        const parts = fields.map(([name, value]) => [`name="${name}"`, value] as const);
        const body = form(mark, [...parts, ['name="file"; filename="a.bin"', data]]);
        const parsed = parse(mark, body, lengths);
        expect(parsed.fields).to.deep.equal(fields.map(([name, value]) => [name, value.toString()]));
        expect(parsed.files).to.deep.equal([["file", "a.bin"]]);
        expect(parsed.data.equals(data)).to.be.true;
        expect(parsed.ended).to.equal(1);
      }),
      { numRuns: 5000 },
    );
  });

  it("survives 10,000 broken bodies: an answer or a refusal, at once, and nothing kept beyond its bounds", function () {
    this.timeout(120_000);
    const word = fc.constantFrom(
      "--b",
      "\r\n",
      "\r\n\r\n",
      "--",
      "-",
      "\r",
      "\n",
      "Content-Disposition: form-data",
      '; name="a"',
      '; filename="f"',
      '; name="',
      "; name=\\",
      "Content-Disposition",
      ":",
      "\u0000",
      "é",
      "--b--",
      "\r\n--b",
      " \t",
    );
    const junk = fc.oneof(
      fc.array(word, { maxLength: 40 }).map((words) => Buffer.from(words.join(""))),
      fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
    );
    fc.assert(
      fc.property(junk, lengths, (body, lengths) => {
        try {
          const { data, fields } = parse("b", body, lengths);
          expect(data.length + fields.length).to.be.at.most(body.length);
        } catch (error) {
          if (!(error instanceof BadRequestError)) throw error;
        }
      }),
      { numRuns: 10_000 },
    );
  });

  it("holds back no more of a file than a boundary's length", () => {
    let given = 0;
    const parser = createMultipartParser("b", {
      onField: () => undefined,
      onFile: () => undefined,
      onData: ({ length }) => (given += length),
      onFileEnd: () => undefined,
    });
    parser.push(Buffer.from('--b\r\nContent-Disposition: form-data; name="f"; filename="f"\r\n\r\n'));
    for (let pushed = 1; pushed < 5000; pushed += 1) {
      parser.push(Buffer.from("\r"));
      expect(pushed - given).to.be.at.most(1);
    }
  });

  const refused: [string, Buffer][] = [
    ["a field that is too long", form("b", [['name="a"', Buffer.alloc(bounds.field + 1)]])],
    [
      "too many fields",
      form(
        "b",
        Array.from({ length: bounds.fields + 1 }, () => ['name="a"', Buffer.from("1")] as const),
      ),
    ],
    [
      "two files",
      form("b", [
        ['name="a"; filename="a"', Buffer.from("1")],
        ['name="b"; filename="b"', Buffer.from("2")],
      ]),
    ],
    ["headers without end", Buffer.from(`--b\r\n${"x".repeat(bounds.partHeader + 1)}`)],
    ["a part without a name", form("b", [["", Buffer.from("1")]])],
    ["no last boundary", form("b", [['name="a"', Buffer.from("1")]]).subarray(0, -6)],
    ["no boundary at all", Buffer.from("hello")],
  ];
  for (const [what, body] of refused)
    it(`refuses ${what}`, () => expect(() => parse("b", body, [7])).to.throw(UploadError));

  it("reads names as browsers and curl write them", () => {
    const heads = [
      'name="file"; filename="a%22b.txt"',
      'filename="a\\"b.txt"; name="file"',
      "name=file; filename=plain",
      'name="file"; filename="日本.txt"',
    ];
    const names = heads.map((head) => parse("b", form("b", [[head, Buffer.from("x")]]), [5]).files[0]);
    expect(names).to.deep.equal([
      ["file", 'a"b.txt'],
      ["file", 'a"b.txt'],
      ["file", "plain"],
      ["file", "日本.txt"],
    ]);
  });

  it("finds the boundary in a content type, or refuses", () => {
    expect(boundaryOf("multipart/form-data; boundary=----x1")).to.equal("----x1");
    expect(boundaryOf('Multipart/Form-Data; charset=utf-8; Boundary="a b"')).to.equal("a b");
    for (const type of [
      undefined,
      "",
      "text/plain; boundary=a",
      "multipart/form-data",
      `multipart/form-data; boundary=${"x".repeat(71)}`,
    ])
      expect(() => boundaryOf(type), type).to.throw(UploadError);
  });
});
