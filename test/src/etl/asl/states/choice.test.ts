import { expect } from "chai";

import type { Json } from "../../../../../src/etl/asl/types.ts";
import { outputOf, run } from "../../../../helpers/etl/asl.ts";

/** Whether a rule holds for an input. */
async function holds(rule: object, input: Json): Promise<boolean> {
  const definition = {
    StartAt: "S",
    States: {
      S: { Type: "Choice", Choices: [{ ...rule, Next: "Yes" }], Default: "No" },
      Yes: { Type: "Pass", Result: true, End: true },
      No: { Type: "Pass", Result: false, End: true },
    },
  };
  return outputOf(await run(definition, { input })) === true;
}

const variable = (rule: object) => ({ Variable: "$.x", ...rule });

describe("a Choice state", () => {
  for (const [rule, yes, no] of [
    [{ StringEquals: "b" }, "b", "a"],
    [{ StringLessThan: "b" }, "a", "b"],
    [{ StringGreaterThanEquals: "b" }, "b", "a"],
    [{ StringMatches: "log-*.txt" }, "log-1\n.txt", "log.txt"],
    [{ StringMatches: "a\\*b\\\\*" }, "a*b\\c", "axb\\c"],
    [{ NumericEquals: 1 }, 1.0, "1"],
    [{ NumericLessThanEquals: 1 }, 1, 1.5],
    [{ NumericGreaterThan: 1 }, 2, null],
    [{ BooleanEquals: false }, false, 0],
    [{ TimestampEquals: "2020-01-01T00:00:00Z" }, "2020-01-01T01:00:00+01:00", "2020-01-01"],
    [{ TimestampLessThan: "2020-01-01T00:00:00Z" }, "2019-12-31T23:59:59.9Z", "2020-01-01T00:00:00Z"],
    [{ IsNull: true }, null, 0],
    [{ IsNull: false }, 0, null],
    [{ IsString: true }, "", 1],
    [{ IsNumeric: true }, 1, "1"],
    [{ IsBoolean: true }, true, "true"],
    [{ TimestampLessThan: "2020-01-01T00:00:00.0002Z" }, "2020-01-01T00:00:00.0001Z", "2020-01-01T00:00:00.000200Z"],
    [{ IsTimestamp: true }, "2020-01-01T00:00:00Z", "2020-01-01T00:00:00"],
    [{ IsTimestamp: true }, "2020-02-29T00:00Z", "2021-02-29T00:00:00Z"],
  ] as const) {
    it(`${JSON.stringify(rule)} holds for ${JSON.stringify(yes)} and not for ${JSON.stringify(no)}`, async () => {
      expect(await holds(variable(rule), { x: yes })).to.equal(true);
      expect(await holds(variable(rule), { x: no })).to.equal(false);
    });
  }

  it("compares with a value from the data", async () => {
    const rule = variable({ NumericGreaterThanPath: "$.y" });
    expect(await holds(rule, { x: 2, y: 1 })).to.equal(true);
    expect(await holds(rule, { x: 1, y: 2 })).to.equal(false);
  });

  it("combines rules with And, Or and Not", async () => {
    const between = { And: [variable({ NumericGreaterThan: 1 }), { Not: variable({ NumericGreaterThan: 3 }) }] };
    expect(await holds(between, { x: 2 })).to.equal(true);
    expect(await holds(between, { x: 4 })).to.equal(false);
    expect(await holds({ Or: [between, variable({ NumericEquals: 9 })] }, { x: 9 })).to.equal(true);
  });

  it("knows with IsPresent alone what to make of a variable that is not there", async () => {
    expect(await holds(variable({ IsPresent: true }), { x: null })).to.equal(true);
    expect(await holds(variable({ IsPresent: false }), {})).to.equal(true);
    const { result } = await run({
      StartAt: "S",
      States: { S: { Type: "Choice", Choices: [variable({ IsNull: true, Next: "E" })] }, E: { Type: "Succeed" } },
    });
    expect(result).to.include({ error: "States.Runtime" });
    expect(result)
      .to.have.property("cause")
      .that.includes("Invalid path '$.x': The choice state's condition path references an invalid value.");
  });

  it("fails where no rule holds and there is no Default", async () => {
    const { result } = await run(
      {
        StartAt: "S",
        States: { S: { Type: "Choice", Choices: [variable({ NumericEquals: 1, Next: "E" })] }, E: { Type: "Succeed" } },
      },
      { input: { x: 2 } },
    );
    expect(result).to.include({ status: "FAILED", error: "States.Runtime" });
  });

  it("assigns what the rule that held says", async () => {
    const { result } = await run(
      {
        StartAt: "S",
        States: {
          S: {
            Type: "Choice",
            Choices: [{ ...variable({ IsPresent: true }), Assign: { "y.$": "$.x" }, Next: "E" }],
            Assign: { "y.$": "$.none" },
            Default: "E",
          },
          E: { Type: "Pass", Parameters: { "y.$": "$y" }, End: true },
        },
      },
      { input: { x: 7 } },
    );
    expect(result).to.deep.equal({ status: "SUCCEEDED", output: { y: 7 } });
  });

  it("takes conditions, Output and Assign in JSONata", async () => {
    const definition = {
      QueryLanguage: "JSONata",
      StartAt: "S",
      States: {
        S: {
          Type: "Choice",
          Choices: [
            {
              Condition: "{% $states.input.x > 1 %}",
              Output: "{% 'big' %}",
              Assign: { y: "{% $states.input.x %}" },
              Next: "E",
            },
          ],
          Output: "{% 'small' %}",
          Assign: { y: 0 },
          Default: "E",
        },
        E: { Type: "Succeed", Output: "{% [$states.input, $y] %}" },
      },
    };
    expect(outputOf(await run(definition, { input: { x: 2 } }))).to.deep.equal(["big", 2]);
    expect(outputOf(await run(definition, { input: { x: 1 } }))).to.deep.equal(["small", 0]);
  });

  it("wants a boolean of a condition", async () => {
    const { result } = await run({
      QueryLanguage: "JSONata",
      StartAt: "S",
      States: {
        S: { Type: "Choice", Choices: [{ Condition: "{% 1 %}", Next: "E" }], Default: "E" },
        E: { Type: "Succeed" },
      },
    });
    expect(result)
      .to.have.property("cause")
      .that.includes("'Choices[0]/Condition' returned an unexpected result type. Expected 'boolean'");
  });
});
