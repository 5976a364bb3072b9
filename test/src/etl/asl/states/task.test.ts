import { expect } from "chai";

import { TaskFailure } from "../../../../../src/etl/asl/types.ts";
import { lambda, outputOf, runState } from "../../../../helpers/etl/asl.ts";

const task = { Type: "Task", Resource: lambda };

describe("a Task state", () => {
  it("hands its effective input to the work and its result on", async () => {
    const run = await runState(
      {
        ...task,
        InputPath: "$.a",
        Parameters: { "n.$": "$.n", name: "x" },
        ResultSelector: { "m.$": "$.m" },
        ResultPath: "$.r",
        OutputPath: "$.r",
      },
      { input: { a: { n: 1 } }, handlers: { S: () => ({ m: 2, rest: 3 }) } },
    );
    expect(outputOf(run)).to.deep.equal({ m: 2 });
    expect(run.calls[0]).to.include({ stateName: "S", resource: lambda, timeoutSeconds: undefined });
    expect(run.calls[0]?.input).to.deep.equal({ n: 1, name: "x" });
  });

  for (const more of [{}, { Assign: { seen: "{% $states.result %}" } }])
    it(`hands on a null that the work gives, not its input: ${Object.keys(more).join() || "neither Output nor Assign"}`, async () => {
      const state = { ...task, QueryLanguage: "JSONata", ...more };
      const run = await runState(state, { input: { a: 1 }, handlers: { S: () => null } });
      expect(outputOf(run)).to.equal(null);
    });

  it("takes Arguments and Output in JSONata", async () => {
    const run = await runState(
      {
        ...task,
        QueryLanguage: "JSONata",
        Arguments: { n: "{% $states.input.a %}" },
        Output: "{% $states.result.m + $states.input.a %}",
        Assign: { seen: "{% $states.result %}" },
      },
      { input: { a: 1 }, handlers: { S: () => ({ m: 2 }) } },
    );
    expect(outputOf(run)).to.equal(3);
    expect(run.calls[0]?.input).to.deep.equal({ n: 1 });
  });

  it("assigns from the result as it came, before ResultSelector", async () => {
    const { events } = await runState(
      { ...task, ResultSelector: { only: 1 }, Assign: { "m.$": "$.m" } },
      { handlers: { S: () => ({ m: 2 }) } },
    );
    expect(events.at(-2)?.["stateExitedEventDetails"]?.["assignedVariables"]).to.deep.equal({ m: "2" });
  });

  it("fails where a time limit is no positive integer", async () => {
    for (const seconds of ["{% 0 %}", "{% -1 %}", "{% 1.5 %}", "{% 'soon' %}"]) {
      const { result } = await runState({ ...task, QueryLanguage: "JSONata", TimeoutSeconds: seconds });
      expect(result).to.include({ error: "States.QueryEvaluationError" });
    }
    for (const t of [0, -1, 1.5, "soon"]) {
      const { result } = await runState({ ...task, TimeoutSecondsPath: "$.t" }, { input: { t } });
      expect(result).to.include({ error: "States.Runtime" });
    }
  });

  it("makes JSON of what the work returned", async () => {
    const handlers = { S: () => ({ at: new Date(0), gone: undefined, list: [undefined] }) };
    expect(outputOf(await runState(task, { handlers }))).to.deep.equal({
      at: "1970-01-01T00:00:00.000Z",
      list: [null],
    });
    expect(outputOf(await runState(task, { handlers: { S: () => undefined } }))).to.equal(null);
  });

  it("fails with the error and cause that the work names", async () => {
    const handlers = {
      S: () => {
        throw new TaskFailure({ error: "Custom", cause: "why" });
      },
    };
    expect((await runState(task, { handlers })).result).to.deep.equal({
      status: "FAILED",
      error: "Custom",
      cause: "why",
    });
  });

  it("fails with States.TaskFailed for any other rejection", async () => {
    const handlers = {
      S: () => {
        throw new RangeError("too far");
      },
    };
    expect((await runState(task, { handlers })).result).to.deep.equal({
      status: "FAILED",
      error: "States.TaskFailed",
      cause: "too far",
    });
  });

  it("hands on time limits and credentials, from the data too", async () => {
    const run = await runState(
      { ...task, TimeoutSecondsPath: "$.t", HeartbeatSeconds: 2, Credentials: { "RoleArn.$": "$.role" } },
      { input: { t: 9, role: "r" } },
    );
    expect(run.calls[0]).to.deep.include({ timeoutSeconds: 9, heartbeatSeconds: 2, credentials: { RoleArn: "r" } });
  });

  it("has a task token where the work is waited for, another for each try", async () => {
    let tries = 0;
    const { calls } = await runState(
      {
        Type: "Task",
        Resource: "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
        Parameters: { "token.$": "$$.Task.Token" },
        Retry: [{ ErrorEquals: ["States.ALL"] }],
      },
      {
        handlers: {
          S: () => {
            tries += 1;
            if (tries === 1) throw new Error("again");
          },
        },
      },
    );
    const tokens = calls.map(({ taskToken }) => taskToken);
    expect(new Set(tokens).size).to.equal(2);
    expect(calls.map(({ input }) => input)).to.deep.equal(tokens.map((token) => ({ token })));
  });

  it("fails where its result is larger than AWS allows, and States.ALL catches it", async () => {
    const handlers = { S: () => "ü".repeat(131_072) };
    const { result } = await runState(task, { handlers });
    expect(result).to.deep.equal({
      status: "FAILED",
      error: "States.DataLimitExceeded",
      cause: `The state/task '${lambda}' returned a result with a size exceeding the maximum number of bytes service limit.`,
    });
    expect((await runState(task, { handlers: { S: () => "u".repeat(262_142) } })).result.status).to.equal("SUCCEEDED");
  });
});
