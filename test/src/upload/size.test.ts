import { expect } from "chai";
import * as fc from "fast-check";

import { UsageError } from "../../../src/errors.ts";
import { createRate, formatDuration } from "../../../src/upload/rate.ts";
import { formatSize, parseSize } from "../../../src/upload/size.ts";

describe("sizes", () => {
  it("are shown in the unit that fits", () => {
    const shown = [0, 1, 1023, 1024, 8 * 1024 ** 2, 1.5 * 1024 ** 3, 1024 ** 5].map((size) => formatSize(size));
    expect(shown).to.deep.equal(["0 B", "1 B", "1023 B", "1.0 KiB", "8.0 MiB", "1.5 GiB", "1024.0 TiB"]);
  });

  it("are read as people write them", () => {
    const read = ["4096", "8MiB", "1.5 GiB", "512k", "2 MB", "0"].map((text) => parseSize(text, "--chunk"));
    expect(read).to.deep.equal([4096, 8 * 1024 ** 2, 1.5 * 1024 ** 3, 512 * 1024, 2 * 1024 ** 2, 0]);
  });

  for (const text of ["", "MiB", "-1", "8 apples", "1e9", "0x10", "99999999T"])
    it(`refuse ${JSON.stringify(text)}`, () =>
      expect(() => parseSize(text, "--chunk")).to.throw(UsageError, "--chunk"));

  it("come back as they were shown, but for the rounding", () => {
    fc.assert(
      fc.property(fc.nat({ max: 2 ** 45 }), (size) => {
        const back = parseSize(formatSize(size), "--chunk");
        return Math.abs(back - size) <= Math.max(1, size * 0.06);
      }),
    );
  });
});

describe("rates", () => {
  it("are the steady speed from the first second on, and follow a change", () => {
    let now = 0;
    const rate = createRate(() => now);
    rate.note(0);
    for (; now < 2000; now += 250) rate.note(now * 100);
    expect(Math.abs(rate.perSecond() - 100_000)).to.be.below(1000);
    const before = now * 100;
    for (const start = now; now < start + 20_000; now += 250) rate.note(before + (now - start));
    expect(Math.abs(rate.perSecond() - 1000)).to.be.below(1000);
  });

  it("do not count what was there before", () => {
    let now = 0;
    const rate = createRate(() => now);
    rate.note(5_000_000);
    now += 1000;
    rate.note(5_001_000);
    expect(rate.perSecond()).to.equal(1000);
  });

  it("give times left in words", () => {
    expect([0.2, 12.1, 59, 61, 3599, 7500].map((seconds) => formatDuration(seconds))).to.deep.equal([
      "1 s",
      "13 s",
      "59 s",
      "1 min",
      "1 h 0 min",
      "2 h 5 min",
    ]);
  });
});
