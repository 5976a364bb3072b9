import { expect } from "chai";

import { ProtocolError } from "../../../src/ipc/contract.ts";
import { createFifoReader, fifoHeaderBytes, sealFifoFrame } from "../../../src/ipc/fifo-frames.ts";

const sealed = (body: string) => sealFifoFrame(Buffer.from(`${"?".repeat(fifoHeaderBytes)}${body}`));

describe("ipc/fifo-frames", () => {
  it("writes X, four digits and the body", () => {
    for (const length of [0, 7, 10, 64, 305, 1000, 4091])
      expect(sealed("b".repeat(length)).toString()).to.equal(
        `X${String(length).padStart(4, "0")}${"b".repeat(length)}`,
      );
    expect(() => sealed("b".repeat(4092))).to.throw(ProtocolError, "this message has 4092");
  });

  it("finds bodies in a stream that comes byte by byte, and tells once where it is out of sync", () => {
    const found: string[] = [];
    const faults: string[] = [];
    const reader = createFifoReader({
      onBody: (body) => found.push(body.toString()),
      onFault: (fault) => faults.push(fault.message),
    });
    for (const byte of "X0003onegarbage X12X0003two") reader.push(Buffer.from(byte));
    expect([found, faults]).to.deep.equal([["one", "two"], ["Out of sync!"]]);
  });
});
