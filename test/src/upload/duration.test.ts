import { expect } from "chai";

import { UsageError } from "../../../src/errors.ts";
import { parseDuration } from "../../../src/upload/duration.ts";

describe("upload: durations", () => {
  it("reads seconds, minutes, hours and days into milliseconds", () => {
    const texts = ["90s", "30m", "24h", "7d", "1.5 h", "0"];
    expect(texts.map((text) => parseDuration(text, "--ttl"))).to.deep.equal([
      90_000, 1_800_000, 86_400_000, 604_800_000, 5_400_000, 0,
    ]);
  });

  it("refuses everything else", () => {
    for (const text of ["", "1", "-1h", "1w", "h", "1h30m"])
      expect(() => parseDuration(text, "--ttl"), text).to.throw(UsageError, "--ttl");
  });
});
