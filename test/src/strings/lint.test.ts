import { expect } from "chai";

import { lintText } from "../../helpers/strings/lint.ts";

describe("the lint rules of this project", function () {
  this.timeout(120_000);

  it("refuse sums with literals and sums of two kinds; the rest is for strings check", async () => {
    const complaints = await lintText(
      [
        `const name = String(1), count = Number("1");`,
        `export const a = "hello " + name;`,
        `export const b = "one " + "two";`,
        "export const c = count + name;",
        "export const d = name + true;",
      ].join("\n"),
    );
    const rulesOf = (line: number) => complaints.filter((each) => each.line === line).map(({ code }) => code);
    expect(rulesOf(2)).to.include("eslint(prefer-template)");
    expect(rulesOf(3)).to.include("eslint(no-useless-concat)");
    expect(rulesOf(4)).to.include("typescript(restrict-plus-operands)");
    expect(rulesOf(5)).to.include("typescript(restrict-plus-operands)");
  });
});
