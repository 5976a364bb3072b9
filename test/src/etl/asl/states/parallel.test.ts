import { expect } from "chai";

import { lambda, outputOf, run, runState } from "../../../../helpers/etl/asl.ts";

const pass = (name: string, state: object = {}) => ({
  StartAt: name,
  States: { [name]: { Type: "Pass", End: true, ...state } },
});

describe("a Parallel state", () => {
  it("gives the outputs of its branches in their order, whoever was first", async () => {
    const slow = { StartAt: "Slow", States: { Slow: { Type: "Wait", Seconds: 5, End: true } } };
    const { ms, ...rest } = await runState(
      { Type: "Parallel", Branches: [slow, pass("Fast", { Result: 2 })] },
      { input: 1 },
    );
    expect(outputOf({ ms, ...rest })).to.deep.equal([1, 2]);
    expect(ms).to.equal(5_000);
  });

  it("lets its branches run side by side", async () => {
    const wait = (name: string, seconds: number) => ({
      StartAt: name,
      States: { [name]: { Type: "Wait", Seconds: seconds, End: true } },
    });
    expect((await runState({ Type: "Parallel", Branches: [wait("A", 5), wait("B", 7)] })).ms).to.equal(7_000);
  });

  it("gives every branch the same effective input", async () => {
    const state = {
      Type: "Parallel",
      Parameters: { "x.$": "$.a" },
      Branches: [pass("A"), pass("B")],
      ResultSelector: { "first.$": "$[0]" },
      ResultPath: "$.r",
    };
    expect(outputOf(await runState(state, { input: { a: 1 } }))).to.deep.equal({ a: 1, r: { first: { x: 1 } } });
  });

  it("takes Arguments and Output in JSONata", async () => {
    const state = {
      Type: "Parallel",
      QueryLanguage: "JSONata",
      Arguments: "{% $states.input.a %}",
      Branches: [pass("A"), pass("B")],
      Output: "{% $sum($states.result) %}",
    };
    expect(outputOf(await runState(state, { input: { a: 2 } }))).to.equal(4);
  });

  it("fails with the first failure, and stops the other branches", async () => {
    const stopped: boolean[] = [];
    const failing = { StartAt: "Bad", States: { Bad: { Type: "Fail", Error: "E", Cause: "C" } } };
    const working = {
      StartAt: "Work",
      States: { Work: { Type: "Task", Resource: lambda, Next: "After" }, After: { Type: "Pass", End: true } },
    };
    const { result, events } = await runState(
      { Type: "Parallel", Branches: [working, failing] },
      {
        handlers: {
          Work: async (_input, _call, { signal }) =>
            new Promise((resolve) => {
              signal.addEventListener("abort", () => {
                stopped.push(signal.aborted);
                resolve(null);
              });
            }),
        },
      },
    );
    expect(result).to.deep.equal({ status: "FAILED", error: "E", cause: "C" });
    expect(stopped).to.deep.equal([true]);
    expect(events.map(({ type }) => type)).to.include("TaskStateAborted");
    expect(events.some((event) => event["stateEnteredEventDetails"]?.["name"] === "After")).to.equal(false);
  });

  it("keeps the variables of a branch to itself, and lets it see those from outside", async () => {
    const { result } = await run({
      StartAt: "A",
      States: {
        A: { Type: "Pass", Assign: { x: 1 }, Next: "P" },
        P: {
          Type: "Parallel",
          Branches: [
            {
              StartAt: "B",
              States: {
                B: { Type: "Pass", Assign: { own: 2 }, Next: "C" },
                C: { Type: "Pass", Parameters: { "both.$": "States.Array($x, $own)" }, End: true },
              },
            },
          ],
          Next: "D",
        },
        D: { Type: "Pass", Parameters: { "inner.$": "$", "own.$": "$own" }, End: true },
      },
    });
    expect(result).to.include({ status: "FAILED", error: "States.Runtime" });
    expect(result).to.have.property("cause").that.includes(`could not be found in the input '[{"both":[1,2]}]'`);
  });
});
