import { expect } from "chai";

import { seeded } from "../../../../src/etl/asl/intrinsics/functions.ts";
import { TaskFailure, type Json } from "../../../../src/etl/asl/types.ts";
import { lambda, outputOf, run, runState } from "../../../helpers/etl/asl.ts";

const task = { Type: "Task", Resource: lambda };

const fail = (error: string, cause?: string) => (): never => {
  throw new TaskFailure({ error, cause });
};

/** Fails with each error in turn, then succeeds. */
function failing(...errors: string[]) {
  const left = [...errors];
  return () => {
    const error = left.shift();
    if (error !== undefined) throw new TaskFailure({ error });
    return "done";
  };
}

/** A task whose failures are caught, and what the catcher's state gets. */
async function caught(
  catcher: object,
  {
    error = "E",
    input = { a: 1 },
    more = {},
    work = fail(error, "why"),
  }: { error?: string; input?: Json; more?: object; work?: () => Json } = {},
) {
  return run(
    {
      StartAt: "S",
      States: {
        S: { ...task, Catch: [{ ErrorEquals: ["States.ALL"], Next: "C", ...catcher }], End: true, ...more },
        C: { Type: "Pass", End: true },
      },
    },
    { input, handlers: { S: work } },
  );
}

describe("Retry", () => {
  for (const [name, retrier, failures, seconds] of [
    ["1, 2 and 4 seconds by default", {}, 3, [1, 2, 4]],
    [
      "by IntervalSeconds and BackoffRate",
      { IntervalSeconds: 3, BackoffRate: 1.5, MaxAttempts: 4 },
      4,
      [3, 4.5, 6.75, 10.125],
    ],
    [
      "no longer than MaxDelaySeconds",
      { IntervalSeconds: 2, BackoffRate: 10, MaxDelaySeconds: 30, MaxAttempts: 3 },
      3,
      [2, 20, 30],
    ],
  ] as const) {
    it(`waits ${name}`, async () => {
      const { result, ms } = await runState(
        { ...task, Retry: [{ ErrorEquals: ["E"], ...retrier }] },
        { handlers: { S: failing(...Array<string>(failures).fill("E")) } },
      );
      expect(result).to.deep.equal({ status: "SUCCEEDED", output: "done" });
      expect(ms).to.equal(seconds.reduce((sum, each) => sum + each * 1000, 0));
    });
  }

  it("waits a random part of it with full jitter", async () => {
    const draws = seeded(7);
    const expected = [1, 2, 4].map((seconds) => seconds * 1000 * draws());
    const { ms } = await runState(
      { ...task, Retry: [{ ErrorEquals: ["E"], JitterStrategy: "FULL" }] },
      { handlers: { S: failing("E", "E", "E") }, random: seeded(7) },
    );
    const whole = expected.reduce((sum, each) => sum + each, 0);
    expect(Math.abs(ms - whole)).to.be.below(0.001);
  });

  it("gives up after MaxAttempts, at once with 0", async () => {
    for (const [attempts, tries] of [
      [2, 3],
      [0, 1],
    ] as const) {
      const { result, calls } = await runState(
        { ...task, Retry: [{ ErrorEquals: ["States.ALL"], MaxAttempts: attempts }] },
        { handlers: { S: fail("E") } },
      );
      expect(result).to.deep.equal({ status: "FAILED", error: "E" });
      expect(calls).to.have.length(tries);
    }
  });

  it("counts the tries of each retrier apart", async () => {
    const Retry = [
      { ErrorEquals: ["A"], MaxAttempts: 1 },
      { ErrorEquals: ["B"], MaxAttempts: 2, IntervalSeconds: 10 },
    ];
    const { result, ms } = await runState({ ...task, Retry }, { handlers: { S: failing("A", "B", "B") } });
    expect(result.status).to.equal("SUCCEEDED");
    expect(ms).to.equal(1_000 + 10_000 + 20_000);
    expect((await runState({ ...task, Retry }, { handlers: { S: failing("A", "B", "A") } })).result).to.include({
      error: "A",
    });
  });

  it("tells the work and the Context object which try it is", async () => {
    const attempts: number[] = [];
    const { calls } = await runState(
      { ...task, Parameters: { "n.$": "$$.State.RetryCount" }, Retry: [{ ErrorEquals: ["States.ALL"] }] },
      {
        handlers: {
          S: (_input, _call, { attempt }) => {
            attempts.push(attempt);
            if (attempt < 2) throw new Error("again");
          },
        },
      },
    );
    expect(attempts).to.deep.equal([0, 1, 2]);
    expect(calls.map(({ input }) => input)).to.deep.equal([{ n: 0 }, { n: 1 }, { n: 2 }]);
  });

  it("begins a Map or Parallel state anew", async () => {
    const seen: Json[] = [];
    const { result } = await runState(
      {
        Type: "Map",
        MaxConcurrency: 1,
        Retry: [{ ErrorEquals: ["E"] }],
        ItemProcessor: { StartAt: "W", States: { W: { ...task, End: true } } },
      },
      {
        input: [1, 2],
        handlers: {
          W: (input) => {
            seen.push(input);
            if (seen.length === 2) throw new TaskFailure({ error: "E" });
            return input;
          },
        },
      },
    );
    expect(result).to.deep.equal({ status: "SUCCEEDED", output: [1, 2] });
    expect(seen).to.deep.equal([1, 2, 1, 2]);
  });
});

describe("Catch", () => {
  it("gives the error in place of the input", async () => {
    expect(outputOf(await caught({}))).to.deep.equal({ Error: "E", Cause: "why" });
  });

  it("puts the error at ResultPath", async () => {
    expect(outputOf(await caught({ ResultPath: "$.error" }))).to.deep.equal({
      a: 1,
      error: { Error: "E", Cause: "why" },
    });
    expect(outputOf(await caught({ ResultPath: null }))).to.deep.equal({ a: 1 });
  });

  it("assigns from the error", async () => {
    const { events } = await caught({ Assign: { "name.$": "$.Error" } });
    expect(
      events.find(({ type }) => type === "TaskStateExited")?.["stateExitedEventDetails"]?.["assignedVariables"],
    ).to.deep.equal({ name: '"E"' });
  });

  it("takes Output and Assign in JSONata", async () => {
    const run = await caught(
      {
        Output: "{% [$states.errorOutput.Error, $states.input.a] %}",
        Assign: { x: "{% $states.errorOutput.Cause %}" },
      },
      { more: { QueryLanguage: "JSONata" } },
    );
    expect(outputOf(run)).to.deep.equal(["E", 1]);
  });

  it("comes after the tries of Retry", async () => {
    const { calls, result } = await caught({}, { more: { Retry: [{ ErrorEquals: ["E"], MaxAttempts: 2 }] } });
    expect(calls).to.have.length(3);
    expect(result.status).to.equal("SUCCEEDED");
  });

  it("takes the first entry that names the error", async () => {
    const entries = [
      { ErrorEquals: ["A"], Next: "A" },
      { ErrorEquals: ["B", "E"], Next: "B" },
      { ErrorEquals: ["States.ALL"], Next: "A" },
    ];
    const states = {
      S: { ...task, Catch: entries, End: true },
      A: { Type: "Pass", Result: "A", End: true },
      B: { Type: "Pass", Result: "B", End: true },
    };
    expect(outputOf(await run({ StartAt: "S", States: states }, { handlers: { S: fail("E") } }))).to.equal("B");
  });

  for (const [name, error, isCaught] of [
    ["States.ALL", "Anything", true],
    ["States.ALL", "States.Timeout", true],
    ["States.TaskFailed", "Anything", true],
    ["States.TaskFailed", "States.Timeout", false],
    ["States.Timeout", "States.HeartbeatTimeout", true],
    ["States.HeartbeatTimeout", "States.HeartbeatTimeout", true],
    ["States.HeartbeatTimeout", "States.Timeout", false],
    ["E", "EE", false],
    ["States.Runtime", "States.Runtime", false],
    ["States.ALL", "States.Runtime", false],
  ] as const) {
    it(`${isCaught ? "catches" : "lets go"} ${error} with ${name}`, async () => {
      const { result } = await caught({ ErrorEquals: [name] }, { error });
      expect(result.status).to.equal(isCaught ? "SUCCEEDED" : "FAILED");
    });
  }

  it("does not catch what the definition itself does wrong", async () => {
    const { result } = await caught({ ErrorEquals: ["States.ALL"] }, { more: { Parameters: { "x.$": "$.none" } } });
    expect(result).to.include({ status: "FAILED", error: "States.Runtime" });
  });

  it("catches an expression that fails", async () => {
    const { result } = await caught(
      { ErrorEquals: ["States.QueryEvaluationError"], Output: "{% $states.errorOutput.Cause %}" },
      { more: { QueryLanguage: "JSONata", Arguments: { x: "{% 1 + 'a' %}" } } },
    );
    expect(result).to.deep.equal({
      status: "SUCCEEDED",
      output: `An error occurred while executing the state 'S' (entered at the event id #2). The JSONata expression '1 + 'a'' specified for the field 'Arguments/x' threw an error during evaluation. T2002: The right side of the "+" operator must evaluate to a number`,
    });
  });

  it("does not catch an output that is too large", async () => {
    const large = "x".repeat(140_000);
    const { result } = await caught(
      { ErrorEquals: ["States.ALL"] },
      { input: { a: large }, more: { ResultPath: "$.r" }, work: () => large },
    );
    expect(result).to.include({ status: "FAILED", error: "States.DataLimitExceeded" });
  });
});
