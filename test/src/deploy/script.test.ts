import { expect } from "chai";

import { deployment, selectScripts, type DeploymentContext } from "../../../src/deploy/script.ts";
import type { MetaCoin } from "../../../types/index.ts";

describe("deployment", () => {
  it("keeps the function and its tags", () => {
    const run = async () => undefined;
    expect(deployment(run, { tags: ["coin"] })).to.deep.equal({ run, tags: ["coin"] });
  });

  it("types handles by the generated types", () => {
    // Never run: it compiles or it does not.
    const script = async ({ deploy, call }: DeploymentContext) => {
      const coin = await deploy<MetaCoin>("MetaCoin");
      const balance: bigint = await coin.getBalance(coin.address);
      await call(coin, "sendCoin", [coin.address, balance]);
      // @ts-expect-error there is no such function
      await call(coin, "mint", []);
      // @ts-expect-error an amount is missing
      await call(coin, "sendCoin", [coin.address]);
    };
    expect(script).to.be.a("function");
  });
});

describe("selectScripts", () => {
  const scripts = [
    { ...deployment(async () => undefined, { tags: ["a"] }), file: "1" },
    { ...deployment(async () => undefined, { tags: ["b", "c"] }), file: "2" },
  ];

  it("takes all without tags, and otherwise those that carry one of them", () => {
    expect(selectScripts(scripts, []).map(({ file }) => file)).to.deep.equal(["1", "2"]);
    expect(selectScripts(scripts, ["c", "x"]).map(({ file }) => file)).to.deep.equal(["2"]);
  });
});
