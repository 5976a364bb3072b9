import { expect } from "chai";

import type { Json } from "../../../../src/etl/asl/types.ts";
import { outputOf, runState } from "../../../helpers/etl/asl.ts";

const evaluate = async (expression: string, input: Json = {}) =>
  runState({ Type: "Pass", QueryLanguage: "JSONata", Output: `{% ${expression} %}` }, { input });

const causeOf = async (expression: string) => {
  const { result } = await evaluate(expression);
  return result.status === "SUCCEEDED" ? undefined : result.cause?.replace(/^.*\)\. /u, "");
};

describe("a JSONata expression", () => {
  for (const [expression, expected] of [
    ["$states.input.a", { b: [1, 2] }],
    ["$states.input.a.b", [1, 2]],
    ["$states.input.a.b[$ > 1]", 2],
    ["$sum($states.input.a.b)", 3],
    ["{'x': $none, 'y': null}", { y: null }],
    ["[1..3]", [1, 2, 3]],
    ["$partition([1,2,3], 2)", [[1, 2], [3]]],
    ["$partition([1], 5)", [[1]]],
    ["$range(0, 10, 5)", [0, 5, 10]],
    ["$hash('input data', 'MD5')", "812f45842bc6d66ee14572ce20db8e86"],
    ["$partition([1,2,3], 2.9)", [[1, 2], [3]]],
    ["$range(-1.7, 2, 1)", [-1, 0, 1, 2]],
    ["$range(5, 5, 1)", 5],
    ["$range(3, 1, -1)", [3, 2, 1]],
    ["$count($range(1, 360145, 1))", 360145],
    ["$exists($range(1, 3)) or $exists($range(1, 3, -1)) or $exists($partition([], 1)) or $exists($hash('x'))", false],
    ["[1/0, -1/0, $number('1')]", ["Infinity", "-Infinity", 1]],
    ["$parse('{\"a\":[1]}')", { a: [1] }],
    ["$random(42)", 0.7275636800328681],
    ["$random(0.9)", 0.730967787376657],
    ["$partition([1,2,3])", [[1, 2, 3]]],
    ["($f := function($x){ $x <= 0 ? 0 : 1 + $f($x-1) }; $f(31))", 31],
    ["$length($uuid())", 36],
    ["$type($random())", "number"],
    ["-0", 0],
  ] as const) {
    it(expression, async () =>
      expect(outputOf(await evaluate(expression, { a: { b: [1, 2] } }))).to.deep.equal(expected),
    );
  }

  for (const [expression, cause] of [
    ["$none", "The JSONata expression '$none' specified for the field 'Output' returned nothing (undefined)."],
    [
      "function($x){$x}",
      "The JSONata expression 'function($x){$x}' specified for the field 'Output' returned an unsupported result type.",
    ],
    [
      "$uppercase(1)",
      `The JSONata expression '$uppercase(1)' specified for the field 'Output' threw an error during evaluation. T0410: Argument 1 of function "uppercase" does not match function signature`,
    ],
    [
      "$eval('1')",
      "The JSONata expression '$eval('1')' specified for the field 'Output' threw an error during evaluation. T1006: Attempted to invoke a non-function",
    ],
    [
      "$partition([1], -1)",
      "The JSONata expression '$partition([1], -1)' specified for the field 'Output' threw an error during evaluation. D3137: Second argument must be zero or greater",
    ],
    [
      "$parse('{')",
      "The JSONata expression '$parse('{')' specified for the field 'Output' threw an error during evaluation. D3137: Invalid JSON",
    ],
    [
      "($f := function($x){ $x <= 0 ? 0 : 1 + $f($x-1) }; $f(32))",
      "The JSONata expression '($f := function($x){ $x <= 0 ? 0 : 1 + $f($x-1) }; $f(32))' specified for the field 'Output' threw an error during evaluation: Stack overflow error: Check for non-terminating recursive function. Consider rewriting as tail-recursive",
    ],
    [
      "$range(1, 360146, 1)",
      "The JSONata expression '$range(1, 360146, 1)' specified for the field 'Output' threw an error during evaluation: Expression evaluation memory limit exceeded: Check for excessive memory usage",
    ],
  ] as const) {
    it(`fails for ${expression} in AWS's words`, async () => expect(await causeOf(expression)).to.equal(cause));
  }

  it("sees no $ and no variables of another execution", async () => {
    expect(await causeOf("$")).to.include("returned nothing");
    await runState({ Type: "Pass", QueryLanguage: "JSONata", Assign: { secret: 1 } });
    expect(await causeOf("$secret")).to.include("returned nothing");
  });

  // It takes the five seconds that it is about: npm run soak.
  if (process.env["SOAK"] === "1") {
    it("is ended where it has no end of its own", async () => {
      expect(await causeOf("($f := function() { $f() }; $f())")).to.include(
        "threw an error during evaluation: Expression evaluation timeout: Check for infinite loop",
      );
    });
  }

  it("names the place in the field", async () => {
    const { result } = await runState({
      Type: "Pass",
      QueryLanguage: "JSONata",
      Output: { a: [1, { b: "{% $none %}" }] },
    });
    expect(result).to.have.property("cause").that.includes("specified for the field 'Output/a[1]/b'");
  });
});
