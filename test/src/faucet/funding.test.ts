import { expect } from "chai";

import { assessFunding, StillUnderfundedError, waitForFunding } from "../../../src/faucet/funding.ts";
import type { Clock } from "../../../src/rpc/backoff.ts";
import { rejection } from "../../helpers/rejection.ts";

/** Time that passes only while somebody sleeps. */
function createClock() {
  const slept: number[] = [];
  const clock: Clock = {
    now: () => 1_000_000 + slept.reduce((sum, ms) => sum + ms, 0),
    async sleep(ms, signal) {
      signal?.throwIfAborted();
      slept.push(ms);
    },
  };
  return { clock, slept };
}

describe("faucet/funding: assessFunding", () => {
  it("compares the balance with the worst case", () => {
    expect(assessFunding(5n, 7n)).to.deep.equal({ balance: 5n, needed: 7n, shortfall: 2n, funded: false });
    expect(assessFunding(7n, 7n)).to.deep.equal({ balance: 7n, needed: 7n, shortfall: 0n, funded: true });
    expect(assessFunding(0n, 0n)).to.deep.include({ shortfall: 0n, funded: true });
  });

  it("without a plan asks for anything at all", () => {
    expect(assessFunding(0n, undefined)).to.deep.include({ shortfall: 0n, funded: false });
    expect(assessFunding(1n, undefined)).to.deep.include({ shortfall: 0n, funded: true });
  });
});

describe("faucet/funding: waitForFunding", () => {
  it("looks until the money is there, and tells every look", async () => {
    const { clock, slept } = createClock();
    const balances = [0n, 3n, 7n, 9n];
    const seen: bigint[] = [];
    const funding = await waitForFunding(async () => assessFunding(balances.shift() ?? 0n, 7n), {
      clock,
      intervalMs: 3_000,
      onLook: ({ balance }) => seen.push(balance),
    });
    expect(funding).to.deep.include({ balance: 7n, funded: true });
    expect(seen).to.deep.equal([0n, 3n, 7n]);
    expect(slept).to.deep.equal([3_000, 3_000]);
  });

  it("does not sleep where nothing is missing", async () => {
    const { clock, slept } = createClock();
    await waitForFunding(async () => assessFunding(1n, 1n), { clock, intervalMs: 3_000, timeoutMs: 0 });
    expect(slept).to.deep.equal([]);
  });

  it("gives up when the time is up, after a last look at that very moment", async () => {
    const { clock, slept } = createClock();
    let looks = 0;
    const waiting = waitForFunding(
      async () => {
        looks++;
        return assessFunding(0n, 1n);
      },
      { clock, intervalMs: 3_000, timeoutMs: 7_000 },
    );
    expect(await rejection(waiting)).to.be.an.instanceOf(StillUnderfundedError);
    expect(slept).to.deep.equal([3_000, 3_000, 1_000]);
    expect(looks).to.equal(4);
  });

  it("ends with what aborted it", async () => {
    const { clock } = createClock();
    const reason = new Error("stop");
    const waiting = waitForFunding(async () => assessFunding(0n, 1n), {
      clock,
      intervalMs: 1,
      signal: AbortSignal.abort(reason),
    });
    expect(await rejection(waiting)).to.equal(reason);
  });
});
