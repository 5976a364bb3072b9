import { expect } from "chai";

import { verifyUntilAnswered } from "../../../src/registry/verify.ts";

/** A clock that does not wait, and remembers for how long it should have. */
function makeClock() {
  const waits: number[] = [];
  const clock = {
    now: () => 0,
    sleep: (ms: number) => {
      waits.push(ms);
      return Promise.resolve();
    },
  };
  return { waits, clock, random: () => 1 };
}

/** An explorer that gives these answers in turn; `""` is a success. */
function makeExplorer(answers: readonly string[]) {
  let asked = 0;
  return {
    asked: () => asked,
    ask: () => {
      const answer = answers[Math.min(asked++, answers.length - 1)] ?? "";
      return answer === "" ? Promise.resolve("verified" as const) : Promise.reject(new Error(answer));
    },
  };
}

const verify = (answers: readonly string[], options = makeClock()) => {
  const explorer = makeExplorer(answers);
  return verifyUntilAnswered(explorer.ask, options).then((result) => ({ ...result, asked: explorer.asked() }));
};

describe("verifyUntilAnswered", () => {
  const behind = [
    "Unable to locate ContractCode at 0x12",
    `HHE80017: The request to http://x/api failed because the address "0x12" does not have bytecode.`,
    `Blockscout responded that the address "0x12" does not contain a contract. This usually means …`,
    `The contract verification request failed: "Max calls per sec rate limit reached (5/sec)".`,
    `The request to http://x/api failed with the message "connect ECONNREFUSED". This error comes from Etherscan, not Hardhat.`,
    `The request to http://x/api returned a non-success status code 503: "busy". (This response comes from Blockscout, not Hardhat.)`,
  ];
  for (const words of behind)
    it(`asks again after: ${words.slice(0, 60)}`, async () => {
      expect(await verify([words, ""])).to.deep.equal({ status: "verified", reason: "", asked: 2 });
    });

  const refusals = [
    `The contract verification request failed: "Invalid API Key (#err2)".`,
    `The contract verification failed.\nReason: "Fail - Unable to verify".`,
    "The address contains a contract whose bytecode does not match the contract",
  ];
  for (const words of refusals)
    it(`takes for an answer: ${words.slice(0, 60)}`, async () => {
      expect(await verify([words, ""])).to.deep.equal({ status: "failed", reason: words, asked: 1 });
    });

  it("takes a contract that is already verified as a success", async () => {
    for (const words of [`The contract "A" at address "0x12" is already verified.`, "Already Verified"])
      expect((await verify([words])).status).to.equal("already verified");
  });

  it("gives up after nine times with growing pauses of four minutes in all at the most", async () => {
    const clock = makeClock();
    const { status, asked } = await verify(["Unable to locate ContractCode at 0x12"], clock);
    expect({ status, asked }).to.deep.equal({ status: "failed", asked: 9 });
    expect(clock.waits).to.deep.equal(clock.waits.toSorted((one, other) => one - other));
    const total = clock.waits.reduce((sum, wait) => sum + wait, 0);
    expect(total).to.be.within(60_000, 270_000);
  });
});
