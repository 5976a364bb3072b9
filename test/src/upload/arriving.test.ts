import { crc32 } from "node:zlib";

import { expect } from "chai";

import { createArriving, rowAt } from "../../../src/upload/arriving.ts";

const MiB = 1024 * 1024;
const bytes = Buffer.from("what arrives in slices");
const none = new Map<number, { start: number; crc: number }>();

describe("crc32 of arriving bytes", () => {
  it("is that of the whole row, however the bytes are sliced", () => {
    const arriving = createArriving(7, none);
    arriving.take(bytes.subarray(0, 5));
    arriving.take(bytes.subarray(5));
    expect(arriving.rowTo(7 + bytes.length)).to.deep.equal({ range: [7, 7 + bytes.length], crc: crc32(bytes) });
  });

  it("goes on where a row ends", () => {
    const arriving = createArriving(10, new Map([[10, { start: 4, crc: crc32(bytes.subarray(0, 6)) }]]));
    arriving.take(bytes.subarray(6));
    expect(arriving.rowTo(4 + bytes.length)).to.deep.equal({ range: [4, 4 + bytes.length], crc: crc32(bytes) });
  });

  it("begins a new row after 64 MiB", () => {
    const slice = Buffer.alloc(32 * MiB, 3);
    const arriving = createArriving(0, none);
    arriving.take(slice);
    arriving.take(slice);
    expect(arriving.rowTo(64 * MiB)?.range).to.deep.equal([0, 64 * MiB]);
    arriving.take(bytes);
    expect(arriving.rowTo(64 * MiB + bytes.length)).to.deep.equal({
      range: [64 * MiB, 64 * MiB + bytes.length],
      crc: crc32(bytes),
    });
    expect(rowAt(64 * MiB, new Map([[64 * MiB, { start: 0, crc: 1 }]]))).to.deep.equal({ start: 64 * MiB, crc: 0 });
  });

  it("knows nothing of bytes that did not arrive this way, nor afterwards", () => {
    const arriving = createArriving(0, none);
    arriving.take(bytes);
    expect(arriving.rowTo(bytes.length + 1)).to.equal(undefined);
    arriving.take(Buffer.from("x"));
    expect(arriving.rowTo(bytes.length + 1)).to.equal(undefined);
  });

  it("is given up where bytes were there before", () => {
    const arriving = createArriving(0, none);
    arriving.take(bytes);
    arriving.giveUp();
    expect(arriving.rowTo(bytes.length)).to.equal(undefined);
  });
});
