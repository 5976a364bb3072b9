import { expect } from "chai";

import { createBar, renderBar } from "../../../tasks/upload/progress.ts";

const MiB = 1024 * 1024;

describe("the progress bar", () => {
  it("shows part, amount, rate and time left", () => {
    expect(renderBar({ name: "a.bin", done: 32 * MiB, size: 64 * MiB, perSecond: 8 * MiB })).to.equal(
      "a.bin  ████████████░░░░░░░░░░░░   50 %  32.0 MiB of 64.0 MiB  8.0 MiB/s  4 s left",
    );
    expect(renderBar({ name: "empty", done: 0, size: 0, perSecond: 0 })).to.equal(
      "empty  ████████████████████████  100 %  0 B of 0 B",
    );
  });

  it("is drawn ten times a second at most, and always at the end", () => {
    let now = 0;
    const shown: string[] = [];
    const bar = createBar({ now: () => now, show: (text) => shown.push(text) });
    for (; now < 1000; now += 1) bar("a", now, 1000);
    bar("a", 1000, 1000);
    bar("b", 0, 1000);
    expect(shown).to.have.length(12);
    expect(shown.at(-2)).to.include("100 %");
    expect(shown.at(-1)).to.match(/^b {2}░/u);
  });
});
