import { expect } from "chai";

import { outputOf, run, runState } from "../../../../helpers/etl/asl.ts";

const input = { a: { b: 1 }, c: 2 };

describe("a Pass state", () => {
  for (const [name, state, output] of [
    ["hands its input on", {}, input],
    ["gives its Result", { Result: { "x.$": "$.a" } }, { "x.$": "$.a" }],
    ["gives a Result of null", { Result: null }, null],
    ["narrows its input by InputPath", { InputPath: "$.a" }, { b: 1 }],
    ["takes an InputPath of null as an empty object", { InputPath: null }, {}],
    [
      "fills Parameters",
      { Parameters: { x: "$.c", "y.$": "$.c", list: [{ "z.$": "$.a.b" }, "$.c"] } },
      { x: "$.c", y: 2, list: [{ z: 1 }, "$.c"] },
    ],
    ["puts its result at ResultPath", { Result: 3, ResultPath: "$.a.d" }, { a: { b: 1, d: 3 }, c: 2 }],
    ["drops its result with a ResultPath of null", { Result: 3, ResultPath: null }, input],
    ["narrows its output by OutputPath", { OutputPath: "$.a.b" }, 1],
    ["takes an OutputPath of null as an empty object", { OutputPath: null }, {}],
    [
      "fills Output in JSONata",
      { QueryLanguage: "JSONata", Output: { "x.$": "{% $states.input.c * 2 %}", y: ["{% 'z' %}", " {% 1 %} "] } },
      { "x.$": 4, y: ["z", " {% 1 %} "] },
    ],
  ] as const) {
    it(name, async () => expect(outputOf(await runState({ Type: "Pass", ...state }, { input }))).to.deep.equal(output));
  }

  it("fails where a path finds nothing, as AWS says it", async () => {
    const { result } = await runState({ Type: "Pass", Parameters: { "x.$": "$.none" } }, { input: { c: 2 } });
    expect(result).to.deep.equal({
      status: "FAILED",
      error: "States.Runtime",
      cause:
        "An error occurred while executing the state 'S' (entered at the event id #2). The JSONPath '$.none' specified for the field 'x.$' could not be found in the input '{\"c\":2}'",
    });
  });

  it("takes an item past the end of an array for null, but no field of it", async () => {
    const item = (path: string) => runState({ Type: "Pass", Parameters: { "x.$": path } }, { input: { l: [1] } });
    expect(outputOf(await item("$.l[5]"))).to.deep.equal({ x: null });
    for (const path of ["$.l[5].x", "$.l[0].x", "$.none[0]", "States.Array($.l[5])"]) {
      expect((await item(path)).result, path).to.include({ error: "States.Runtime" });
    }
  });

  for (const [name, state] of [
    ["Parameters", { Type: "Pass", Parameters: { "x.$": "$" }, Next: "Last" }],
    ["an argument", { Type: "Pass", Parameters: { "x.$": "States.Array($)" }, Next: "Last" }],
    ["a comparison", { Type: "Choice", Choices: [{ Variable: "$", IsString: true, Next: "Last" }], Default: "Last" }],
    ["a test for presence", { Type: "Choice", Choices: [{ Variable: "$.a", IsPresent: true, Next: "Last" }] }],
  ] as const)
    it(`applies no path of ${name} to null`, async () => {
      const states = { S: state, Last: { Type: "Succeed" } };
      const { result } = await run({ StartAt: "S", States: states }, { input: null });
      expect(result).to.deep.equal({
        status: "FAILED",
        error: "States.Runtime",
        cause:
          "An error occurred while executing the state 'S' (entered at the event id #2). Unable to apply Path transformation to null or empty input.",
      });
    });

  for (const field of [
    { InputPath: "$.books[0]['title','price'].x" },
    { Parameters: { "y.$": "$.books[0]['title','price'].x" } },
  ])
    it(`takes several names at the end of a path alone, in ${Object.keys(field).join()}`, async () => {
      const { result } = await runState({ Type: "Pass", ...field }, { input: { books: [{ title: "A", price: 8 }] } });
      expect(result).to.include({
        error: "States.Runtime",
        cause:
          "An error occurred while executing the state 'S' (entered at the event id #2). Invalid path '$.books[0]['title','price'].x' : Multi properties can only be used as path leafs: $['books'][0]['title', 'price']",
      });
    });

  it("hands null on where no path is applied", async () => {
    expect(outputOf(await runState({ Type: "Pass" }, { input: null }))).to.equal(null);
    expect(outputOf(await runState({ Type: "Pass", InputPath: "$", OutputPath: "$" }, { input: null }))).to.equal(null);
  });

  it("says what a ResultPath meets on its way, without naming the state", async () => {
    const state = { Type: "Pass", Result: 1, ResultPath: "$.a.b" };
    const { result } = await runState(state, { input: { a: "t" } });
    expect(result).to.deep.equal({
      status: "FAILED",
      error: "States.ReferencePathConflict",
      cause: 'Unable to apply step "b" to input "t"',
    });
  });

  it("says what was searched for a path into the Context object", async () => {
    const causeOf = async (path: string) => {
      const { result } = await runState({ Type: "Pass", Parameters: { "x.$": path } }, { input: { c: 2 } });
      return result.status === "SUCCEEDED" ? "" : result.cause;
    };
    expect(await causeOf("$$.None")).to.match(/could not be found in the input '\{"Execution":\{/u);
  });

  it("sees the variables of before in its own Assign, and of after in the next state", async () => {
    const { result, events } = await run(
      {
        StartAt: "A",
        States: {
          A: { Type: "Pass", Assign: { x: 1 }, Next: "B" },
          B: { Type: "Pass", Assign: { "x.$": "$.c", "y.$": "$x" }, Next: "C" },
          C: { Type: "Pass", Parameters: { "both.$": "States.Array($x, $y)" }, End: true },
        },
      },
      { input },
    );
    expect(result).to.deep.equal({ status: "SUCCEEDED", output: { both: [2, 1] } });
    const exits = events.map((event) => event["stateExitedEventDetails"]).filter((details) => details !== undefined);
    expect(exits[1]?.["assignedVariables"]).to.deep.equal({ x: "2", y: "1" });
  });
});

describe("a Succeed state", () => {
  it("ends the machine with what its paths leave", async () => {
    expect(outputOf(await runState({ Type: "Succeed", OutputPath: "$.a" }, { input }))).to.deep.equal({ b: 1 });
  });

  it("ends the machine with its Output in JSONata", async () => {
    expect(
      outputOf(
        await runState({ Type: "Succeed", QueryLanguage: "JSONata", Output: "{% $states.input.c %}" }, { input }),
      ),
    ).to.equal(2);
  });
});

describe("a Fail state", () => {
  for (const [name, state, expected] of [
    ["gives its Error and Cause", { Error: "E", Cause: "C" }, { error: "E", cause: "C" }],
    ["may give neither", {}, {}],
    ["reads them by paths", { ErrorPath: "$.e", CausePath: "States.Format('{}!', $.e)" }, { error: "x", cause: "x!" }],
    [
      "evaluates them in JSONata",
      { QueryLanguage: "JSONata", Error: "{% $states.input.e %}", Cause: "{% 'because ' & $states.input.e %}" },
      { error: "x", cause: "because x" },
    ],
  ] as const) {
    it(name, async () => {
      const { result } = await runState({ Type: "Fail", ...state }, { input: { e: "x" } });
      expect(result).to.deep.equal({ status: "FAILED", ...expected });
    });
  }

  it("refuses a path to something other than text", async () => {
    const { result } = await runState({ Type: "Fail", ErrorPath: "$.e" }, { input: { e: 1 } });
    expect(result).to.include({ error: "States.Runtime" });
  });

  it("refuses an expression that gives no text", async () => {
    const { result } = await runState({ Type: "Fail", QueryLanguage: "JSONata", Error: "{% 1 %}" });
    expect(result).to.include({ error: "States.QueryEvaluationError" });
    expect(result).to.have.property("cause").that.includes("Expected 'string', but was 'number' for value: 1");
  });
});
