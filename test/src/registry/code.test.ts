import { expect } from "chai";

import { isSameCode, withoutMetadata } from "../../../src/registry/code.ts";

/** {"ipfs": …, "solc": 0.8.37} as the compiler writes it, and its length. */
const metadata = (fill: string) => `a2646970667358221220${fill.repeat(32)}64736f6c63430008250033`;

describe("withoutMetadata", () => {
  it("takes the compiler's metadata off and leaves other code alone", () => {
    expect(withoutMetadata(`0x6001${metadata("ab")}`)).to.equal("0x6001");
    expect(withoutMetadata("0x600160020003")).to.equal("0x600160020003");
    expect(withoutMetadata("0x")).to.equal("0x");
  });
});

describe("isSameCode", () => {
  const immutable = "11".repeat(32);

  it("fills immutables and ignores metadata", () => {
    expect(isSameCode(`0x60017f${"00".repeat(32)}5050${metadata("ab")}`, `0x60017f${immutable}5050${metadata("cd")}`))
      .to.be.true;
    expect(isSameCode(`0x73${"00".repeat(20)}3014`, `0x73${"ab".repeat(20)}3014`)).to.be.true;
  });

  it("sees a difference of one byte, of length, and behind a blank", () => {
    expect(isSameCode("0x6001600255", "0x6001600355")).to.be.false;
    expect(isSameCode("0x6001", "0x600100")).to.be.false;
    expect(isSameCode(`0x7f${"00".repeat(32)}5050`, `0x7f${immutable}5051`)).to.be.false;
    expect(isSameCode(`0x60${"00".repeat(8)}`, `0x60${"11".repeat(8)}`)).to.be.false;
  });
});
