import { expect } from "chai";

import { renderChart } from "../../../tasks/gas/chart.ts";

const label = String;

describe("gas: renderChart", () => {
  it("draws a bar a value, from the smallest to the largest", () => {
    expect(renderChart([10n, 15n, 20n], { height: 2, label })).to.equal(["20 ┤  ▁▁██", "10 ┤▁▁████"].join("\n"));
  });

  it("draws what never changed in the middle, with one label", () => {
    expect(renderChart([7n, 7n], { height: 2, label })).to.equal(["7 ┤", "  │▇▇▇▇"].join("\n"));
  });

  it("draws small changes of large values, and no lines where there are no values", () => {
    const lines = renderChart([10n ** 20n, 10n ** 20n + 1n], { height: 3, label: () => "x" }).split("\n");
    expect(lines).to.deep.equal(["x ┤  ██", "  │  ██", "x ┤▁▁██"]);
    expect(renderChart([], { label })).to.equal("");
  });
});
