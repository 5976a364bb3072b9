import { expect } from "chai";
import * as fc from "fast-check";

import { ProtocolError } from "../../../../src/ipc/contract.ts";
import { createSplitter } from "../../../../src/ipc/rpc/split.ts";

const capBytes = 1024;

function split(chunks: readonly (string | Buffer)[], limits = { capBytes }): string[] {
  const splitter = createSplitter(limits);
  return chunks.flatMap((chunk) => {
    const bytes = Buffer.from(chunk);
    const documents = splitter.push(bytes);
    // As a reader does that has one buffer for all it reads.
    bytes.fill("#");
    return documents;
  });
}

describe("ipc/rpc/split", () => {
  it("cuts documents with nothing, spaces or newlines between them", () => {
    expect(split(['{"a":1}{"b":[2]}\n\r\n[3] {}'])).to.deep.equal(['{"a":1}', '{"b":[2]}', "[3]", "{}"]);
  });

  it("is not misled by braces, quotes and backslashes inside strings", () => {
    const text = JSON.stringify({ a: '}]"\\{[', b: "\\" });
    expect(split([text, text])).to.deep.equal([text, text]);
  });

  it("finds the same documents wherever the stream is cut, characters of several bytes too", () => {
    const document = fc.oneof(fc.dictionary(fc.string({ unit: "grapheme" }), fc.jsonValue()), fc.array(fc.jsonValue()));
    fc.assert(
      fc.property(fc.array(document, { maxLength: 5 }), fc.array(fc.nat(), { maxLength: 8 }), (documents, cuts) => {
        const texts = documents.map((value) => JSON.stringify(value));
        const bytes = Buffer.from(texts.join(""));
        const at = [0, ...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length].toSorted((a, b) => a - b);
        const chunks = at.slice(1).map((end, index) => bytes.subarray(at[index], end));
        expect(split(chunks, { capBytes: 1e6 })).to.deep.equal(texts);
      }),
    );
  });

  it("refuses what cannot begin a document", () => {
    expect(() => split(["hello"])).to.throw(ProtocolError, "Expected a JSON object or array");
    expect(() => split(["{}}"])).to.throw(ProtocolError);
    expect(() => split([Buffer.from([0xff, 0xff, 0xff, 0xff])])).to.throw(ProtocolError);
  });

  it("refuses a document above the cap before it keeps the bytes", () => {
    const splitter = createSplitter({ capBytes: 100 });
    splitter.push(Buffer.from(`["${"x".repeat(90)}`));
    expect(splitter.pending()).to.equal(92);
    expect(() => splitter.push(Buffer.alloc(9, "x"))).to.throw(ProtocolError, "larger than 100 bytes");
    expect(() => split([`["${"x".repeat(97)}"]`], { capBytes: 100 })).to.throw(ProtocolError);
    expect(split([`["${"x".repeat(96)}"]`], { capBytes: 100 })).to.have.length(1);
  });

  it("refuses nesting that only costs memory", () => {
    expect(() => split(["[".repeat(300)])).to.throw(ProtocolError, "nested deeper");
  });
});
