import { expect } from "chai";
import * as fc from "fast-check";

import { checkText, fixText } from "../../helpers/strings/plant.ts";
import { commentsOf, evaluate, expression, toProgram } from "../../helpers/strings/programs.ts";

const soak = process.env["SOAK"] === "1";

describe("strings check --fix, on random programs", function () {
  this.timeout(soak ? 1_800_000 : 120_000);

  it("changes no value, no order of evaluation and no comment, and is done after one run", async () => {
    let fixed = 0;
    const property = fc.asyncProperty(
      fc.array(expression, { minLength: soak ? 1 : 10, maxLength: 40 }),
      async (expressions) => {
        const before = toProgram(expressions);
        const first = await fixText(before);
        if (first.text === undefined) return;
        fixed += first.fixed.length;
        expect(evaluate(first.text)).to.deep.equal(evaluate(before));
        expect(commentsOf(first.text)).to.deep.equal(commentsOf(before));
        const again = await fixText(first.text);
        expect(again.text).to.equal(undefined);
        const { found } = await checkText(first.text);
        expect(found.length).to.equal(first.kept.length);
      },
    );
    await fc.assert(property, { numRuns: soak ? 1000 : 12 });
    expect(fixed).to.be.greaterThan(50);
  });
});
