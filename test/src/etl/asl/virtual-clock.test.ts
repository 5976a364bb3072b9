import { expect } from "chai";

import { parseTimestamp } from "../../../../src/etl/asl/timestamp.ts";
import { VirtualClock } from "../../../../src/etl/asl/virtual-clock.ts";

describe("a virtual clock", () => {
  it("wakes its sleepers in the order of their time, and stands still meanwhile", async () => {
    const clock = new VirtualClock(0);
    const woken: [string, number][] = [];
    const sleep = async (name: string, ms: number) => clock.sleep(ms).then(() => woken.push([name, clock.now()]));
    await Promise.all([sleep("late", 1e9), sleep("soon", 1), sleep("then", 1), sleep("now", 0)]);
    expect(woken).to.deep.equal([
      ["now", 0],
      ["soon", 1],
      ["then", 1],
      ["late", 1e9],
    ]);
  });

  it("forgets a sleeper that is stopped", async () => {
    const clock = new VirtualClock(0);
    const abort = new AbortController();
    const long = clock.sleep(1e9, abort.signal);
    await clock.sleep(5);
    abort.abort();
    await long;
    expect(clock.now()).to.equal(5);
  });
});

describe("parseTimestamp", () => {
  for (const [text, ms] of [
    ["1970-01-01T00:00:01Z", 1_000],
    ["1970-01-01T00:00:00.5Z", 500],
    ["1970-01-01T01:00+01:00", 0],
    ["1970-01-01t00:00:00z", 0],
  ] as const) {
    it(`reads ${text}`, () => expect(parseTimestamp(text)).to.equal(ms));
  }

  for (const text of [
    "",
    "1970-01-01",
    "1970-01-01T00:00:00",
    "1970-01-01 00:00:00Z",
    "1970-02-30T00:00:00Z",
    "1970-01-01T24:00:00Z",
    "1970-01-01T00:00:00+0100",
  ]) {
    it(`refuses ${JSON.stringify(text)}`, () => expect(parseTimestamp(text)).to.equal(undefined));
  }
});
