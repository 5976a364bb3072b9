import { crc32 as native } from "node:zlib";

import { expect } from "chai";
import * as fc from "fast-check";

import { crc32 } from "../../../src/upload/page/crc32.ts";

describe("the page's crc32", () => {
  it("is zlib's, in one piece or several, wherever the bytes lie", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), fc.nat({ max: 100 }), (bytes, cut) => {
        const [head, tail] = [bytes.subarray(0, cut), bytes.subarray(cut)];
        return crc32(bytes) === native(bytes) && crc32(tail, crc32(head)) === native(bytes);
      }),
    );
    expect(crc32(new TextEncoder().encode("123456789"))).to.equal(0xcbf43926);
  });
});
