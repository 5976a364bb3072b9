import { expect } from "chai";

import { createMeter } from "../../../../src/etl/run/meter.ts";

describe("createMeter", () => {
  it("tells rows, rows a second, per cent and the time that is left", () => {
    let now = 0;
    const meter = createMeter(() => now);
    expect(meter.update("Extract", { rows: 0, done: 0, total: 1000 })).to.equal("Extract  0 rows  0 %");
    now = 2_000;
    expect(meter.update("Extract", { rows: 5_000, done: 250, total: 1000 })).to.equal(
      "Extract  5,000 rows  2,500 rows/s  25 %  ETA 6 s",
    );
  });
});
