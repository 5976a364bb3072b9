import { expect } from "chai";
import * as fc from "fast-check";

import { ProtocolError } from "../../../src/ipc/contract.ts";
import { createFrameReader, frame } from "../../../src/ipc/frames.ts";

/** What a reader finds in chunks that are overwritten as soon as it has been given them. */
function read(chunks: readonly Uint8Array[], capBytes = 1e6): string[] {
  const found: string[] = [];
  const reader = createFrameReader({ cap: () => capBytes, onFrame: (body) => found.push(body.toString("hex")) });
  for (const chunk of chunks) {
    const bytes = Buffer.from(chunk);
    reader.push(bytes);
    bytes.fill(0xff);
  }
  return found;
}

describe("ipc/frames", () => {
  it("finds the same frames wherever the stream is cut", () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 5 }),
        fc.array(fc.nat(), { maxLength: 8 }),
        (bodies, cuts) => {
          const bytes = Buffer.concat(bodies.map((body) => frame(body)));
          const at = [0, ...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length].toSorted((a, b) => a - b);
          const chunks = at.slice(1).map((end, index) => bytes.subarray(at[index], end));
          expect(read(chunks)).to.deep.equal(bodies.map((body) => Buffer.from(body).toString("hex")));
        },
      ),
    );
  });

  it("refuses a length above the cap before a byte of it is kept", () => {
    expect(() => read([Buffer.from([0, 0, 1, 1])], 256)).to.throw(ProtocolError, "257 bytes was announced");
    expect(read([frame(Buffer.alloc(256))], 256)).to.have.length(1);
  });
});
