import { expect } from "chai";

import { lambda, outputOf, run, runState } from "../../../../helpers/etl/asl.ts";

const work = { StartAt: "Work", States: { Work: { Type: "Task", Resource: lambda, End: true } } };
const pass = { StartAt: "P", States: { P: { Type: "Pass", End: true } } };

describe("an inline Map state", () => {
  it("gives the outputs in the order of the items", async () => {
    const double = { Work: (input: unknown) => Number(input) * 2 };
    expect(
      outputOf(await runState({ Type: "Map", ItemProcessor: work }, { input: [1, 2, 3], handlers: double })),
    ).to.deep.equal([2, 4, 6]);
  });

  it("takes its items from ItemsPath and makes inputs with ItemSelector", async () => {
    const state = {
      Type: "Map",
      InputPath: "$.in",
      ItemsPath: "$.list",
      ItemSelector: { "i.$": "$$.Map.Item.Index", "v.$": "$$.Map.Item.Value", "all.$": "$.n" },
      ItemProcessor: pass,
      ResultPath: "$.out",
    };
    expect(outputOf(await runState(state, { input: { in: { list: ["a", "b"], n: 9 } } }))).to.deep.equal({
      in: { list: ["a", "b"], n: 9 },
      out: [
        { i: 0, v: "a", all: 9 },
        { i: 1, v: "b", all: 9 },
      ],
    });
  });

  it("still takes Iterator and Parameters", async () => {
    const state = { Type: "Map", Iterator: pass, Parameters: { "v.$": "$$.Map.Item.Value" } };
    expect(outputOf(await runState(state, { input: [1] }))).to.deep.equal([{ v: 1 }]);
  });

  it("takes Items, ItemSelector and Output in JSONata", async () => {
    const state = {
      Type: "Map",
      QueryLanguage: "JSONata",
      Items: "{% [1..3] %}",
      ItemSelector: { v: "{% $states.context.Map.Item.Value * $states.input %}" },
      ItemProcessor: pass,
      Output: "{% $sum($states.result.v) %}",
    };
    expect(outputOf(await runState(state, { input: 2 }))).to.equal(12);
  });

  it("gives an empty list for no items", async () => {
    expect(outputOf(await runState({ Type: "Map", ItemProcessor: work }, { input: [] }))).to.deep.equal([]);
  });

  it("runs no more than MaxConcurrency iterations at once", async () => {
    let running = 0;
    let most = 0;
    const handlers = {
      async Work() {
        running += 1;
        most = Math.max(most, running);
        await new Promise(setImmediate);
        running -= 1;
      },
    };
    await runState({ Type: "Map", MaxConcurrency: 3, ItemProcessor: work }, { input: Array(20).fill(0), handlers });
    expect(most).to.equal(3);
    most = 0;
    await runState(
      { Type: "Map", MaxConcurrencyPath: "$.n", ItemsPath: "$.l", ItemProcessor: work },
      { input: { n: "2", l: Array(20).fill(0) }, handlers },
    );
    expect(most).to.equal(2);
  });

  it("fails with the first failure and begins no further iteration", async () => {
    const seen: unknown[] = [];
    const handlers = {
      Work(input: unknown) {
        seen.push(input);
        if (input === 2) throw new Error("no");
      },
    };
    const { result, events } = await runState(
      { Type: "Map", MaxConcurrency: 1, ItemProcessor: work },
      { input: [1, 2, 3], handlers },
    );
    expect(result).to.deep.equal({ status: "FAILED", error: "States.TaskFailed", cause: "no" });
    expect(seen).to.deep.equal([1, 2]);
    expect(events.map(({ type }) => type).slice(-3)).to.deep.equal([
      "MapIterationFailed",
      "MapStateFailed",
      "ExecutionFailed",
    ]);
  });

  it("fails where the items are no list", async () => {
    const { result } = await runState({ Type: "Map", ItemsPath: "$.a", ItemProcessor: pass }, { input: { a: 1 } });
    expect(result).to.have.property("cause").that.includes('Reference path "$.a" must point to array.');
  });

  it("fails where MaxConcurrency comes out negative", async () => {
    const path = { Type: "Map", MaxConcurrencyPath: "$.n", ItemsPath: "$.l", ItemProcessor: pass };
    const jsonata = {
      Type: "Map",
      QueryLanguage: "JSONata",
      MaxConcurrency: "{% -1 %}",
      Items: [1],
      ItemProcessor: pass,
    };
    const input = { n: -1, l: [1] };
    expect((await runState(path, { input })).result).to.include({ error: "States.Runtime" });
    expect((await runState(jsonata, { input })).result).to.include({ error: "States.QueryEvaluationError" });
  });

  it("may stand in another Map", async () => {
    const inner = { StartAt: "Inner", States: { Inner: { Type: "Map", ItemProcessor: work, End: true } } };
    const input = [[1, 2], [3]];
    expect(outputOf(await runState({ Type: "Map", ItemProcessor: inner }, { input }))).to.deep.equal(input);
  });

  it("goes through 10,000 items", async () => {
    const input = Array.from({ length: 10_000 }, (_, index) => index);
    expect(outputOf(await runState({ Type: "Map", ItemProcessor: work }, { input }))).to.deep.equal(input);
  });

  it("keeps the variables of an iteration to itself", async () => {
    const counting = {
      StartAt: "Count",
      States: {
        Count: { Type: "Pass", QueryLanguage: "JSONata", Assign: { n: "{% $n + 1 %}" }, Next: "Show" },
        Show: { Type: "Pass", QueryLanguage: "JSONata", Output: "{% $n %}", End: true },
      },
    };
    const { result } = await run(
      {
        StartAt: "A",
        States: {
          A: { Type: "Pass", Assign: { n: 1 }, Next: "M" },
          M: { Type: "Map", ItemProcessor: counting, Next: "End" },
          End: { Type: "Pass", Parameters: { "inner.$": "$", "n.$": "$n" }, End: true },
        },
      },
      { input: [0, 0] },
    );
    expect(result).to.deep.equal({ status: "SUCCEEDED", output: { inner: [2, 2], n: 1 } });
  });
});
