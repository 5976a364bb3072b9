import { expect } from "chai";

import { createThrottle, networkOf } from "../../../src/upload/throttle.ts";

describe("the throttle of the log-in", () => {
  it("gives some tries for nothing, then doubles the wait up to a limit", () => {
    let now = 0;
    const throttle = createThrottle({ now: () => now, free: 2, firstWaitMs: 100, longestWaitMs: 350 });
    const waits = Array.from({ length: 6 }, () => {
      const wait = throttle.attempt("a");
      now += wait;
      if (wait > 0) expect(throttle.attempt("a")).to.equal(0);
      return wait;
    });
    expect(waits).to.deep.equal([0, 0, 100, 200, 350, 350]);
  });

  it("forgets failures after a success", () => {
    const throttle = createThrottle({ now: () => 0, free: 1 });
    expect(throttle.attempt("a")).to.equal(0);
    expect(throttle.attempt("a")).to.be.greaterThan(0);
    throttle.succeed("a");
    expect(throttle.attempt("a")).to.equal(0);
  });

  it("remembers a bounded number of addresses", () => {
    const throttle = createThrottle({ now: () => 0, free: 1, capacity: 2 });
    for (const key of ["a", "b", "c"]) expect(throttle.attempt(key)).to.equal(0);
    expect(throttle.attempt("a")).to.equal(0);
    expect(throttle.attempt("c")).to.be.greaterThan(0);
  });

  it("takes the addresses that one guesser has for one", () => {
    const networks = ["10.0.0.7", "::ffff:10.0.0.7", "::1", "2001:db8::7", "2001:db8:0:0:1::7", "2001:db8:1:2:3:4:5:6"];
    expect(networks.map((address) => networkOf(address))).to.deep.equal([
      "10.0.0.7",
      "10.0.0.7",
      "0:0:0:0",
      "2001:db8:0:0",
      "2001:db8:0:0",
      "2001:db8:1:2",
    ]);
  });
});
