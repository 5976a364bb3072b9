import { expect } from "chai";

import { format } from "../../src/text.ts";

describe("format", () => {
  it("fills named placeholders", () => {
    expect(format("{count} of {total}", { count: 1, total: 6 })).to.equal("1 of 6");
  });
});
