import { expect } from "chai";

import { VirtualClock } from "../../../../src/etl/asl/virtual-clock.ts";
import { TaskFailure } from "../../../../src/etl/asl/types.ts";
import { lambda, run, runState } from "../../../helpers/etl/asl.ts";

const task = { Type: "Task", Resource: lambda };

/** `id<previous type` of every event. */
const lines = (events: readonly { id: number; previousEventId: number; type: string }[]) =>
  events.map(({ id, previousEventId, type }) => `${id}<${previousEventId} ${type}`);

describe("the history of an execution", () => {
  it("has the events of a Lambda task and its tries, as AWS numbers them", async () => {
    let tries = 0;
    const { events } = await runState(
      { ...task, TimeoutSeconds: 9, Retry: [{ ErrorEquals: ["E"] }] },
      {
        input: { a: 1 },
        handlers: {
          S: () => {
            tries += 1;
            if (tries === 1) throw new TaskFailure({ error: "E", cause: "why" });
            return 2;
          },
        },
      },
    );
    expect(lines(events)).to.deep.equal([
      "1<0 ExecutionStarted",
      "2<0 TaskStateEntered",
      "3<2 LambdaFunctionScheduled",
      "4<3 LambdaFunctionStarted",
      "5<4 LambdaFunctionFailed",
      "6<5 LambdaFunctionScheduled",
      "7<6 LambdaFunctionStarted",
      "8<7 LambdaFunctionSucceeded",
      "9<8 TaskStateExited",
      "10<9 ExecutionSucceeded",
    ]);
    expect(events[2]).to.deep.equal({
      id: 3,
      previousEventId: 2,
      timestamp: "2026-01-01T00:00:00.000Z",
      type: "LambdaFunctionScheduled",
      lambdaFunctionScheduledEventDetails: {
        resource: lambda,
        input: '{"a":1}',
        inputDetails: { truncated: false },
        timeoutInSeconds: 9,
      },
    });
    expect(events[4]).to.deep.include({ lambdaFunctionFailedEventDetails: { error: "E", cause: "why" } });
    expect(events[5]?.timestamp).to.equal("2026-01-01T00:00:01.000Z");
  });

  it("has the events of a service integration", async () => {
    const { events } = await runState({
      Type: "Task",
      Resource: "arn:aws:states:::lambda:invoke.waitForTaskToken",
      HeartbeatSeconds: 3,
      Parameters: { x: 1 },
    });
    expect(events.map(({ type }) => type)).to.deep.equal([
      "ExecutionStarted",
      "TaskStateEntered",
      "TaskScheduled",
      "TaskStarted",
      "TaskSubmitted",
      "TaskSucceeded",
      "TaskStateExited",
      "ExecutionSucceeded",
    ]);
    expect(events[2]).to.deep.include({
      taskScheduledEventDetails: {
        resourceType: "lambda",
        resource: "invoke.waitForTaskToken",
        region: "us-east-1",
        parameters: '{"x":1}',
        heartbeatInSeconds: 3,
      },
    });
    expect(events[5]).to.have.nested.property("taskSucceededEventDetails.output", '{"x":1}');
  });

  it("has the events of an activity", async () => {
    const { events } = await runState({ Type: "Task", Resource: "arn:aws:states:us-east-1:000000000000:activity:a" });
    expect(events.slice(2, 5).map(({ type }) => type)).to.deep.equal([
      "ActivityScheduled",
      "ActivityStarted",
      "ActivitySucceeded",
    ]);
  });

  it("has the events of an inline Map, each iteration in a line of its own", async () => {
    const { events } = await runState(
      { Type: "Map", MaxConcurrency: 1, ItemProcessor: { StartAt: "P", States: { P: { Type: "Pass", End: true } } } },
      { input: [1, 2] },
    );
    expect(lines(events)).to.deep.equal([
      "1<0 ExecutionStarted",
      "2<0 MapStateEntered",
      "3<2 MapStateStarted",
      "4<3 MapIterationStarted",
      "5<4 PassStateEntered",
      "6<5 PassStateExited",
      "7<6 MapIterationSucceeded",
      "8<3 MapIterationStarted",
      "9<8 PassStateEntered",
      "10<9 PassStateExited",
      "11<10 MapIterationSucceeded",
      "12<11 MapStateSucceeded",
      "13<11 MapStateExited",
      "14<13 ExecutionSucceeded",
    ]);
    expect(events[2]).to.deep.include({ mapStateStartedEventDetails: { length: 2 } });
    expect(events[7]).to.deep.include({ mapIterationStartedEventDetails: { name: "S", index: 1 } });
  });

  const boom = { StartAt: "Boom", States: { Boom: { Type: "Fail", Error: "E", Cause: "c" } } };
  const later = {
    StartAt: "Pause",
    States: { Pause: { Type: "Wait", Seconds: 1, Next: "Boom" }, Boom: { Type: "Fail", Error: "E" } },
  };
  const long = { StartAt: "Long", States: { Long: { Type: "Wait", Seconds: 20, End: true } } };
  const missing = { StartAt: "R", States: { R: { Type: "Pass", InputPath: "$.none", End: true } } };
  const nothing = {
    StartAt: "U",
    States: { U: { Type: "Pass", QueryLanguage: "JSONata", Output: { v: "{% $none %}" }, End: true } },
  };
  const sending = { StartAt: "Send", States: { Send: { ...task, End: true } } };
  const caught = { Catch: [{ ErrorEquals: ["States.ALL"], Next: "Handled" }] };
  const handled = { Handled: { Type: "Pass", End: true } };
  const route = {
    StartAt: "Route",
    States: {
      Route: { Type: "Choice", Choices: [{ Variable: "$.pauses", IsBoolean: true, Next: "Pause" }], Default: "Long" },
      ...later.States,
      ...long.States,
    },
  };

  for (const [name, state, input, expected, others] of [
    [
      "a branch that fails and cuts another short",
      { Type: "Parallel", Branches: [later, long] },
      {},
      "4<3 WaitStateEntered 5<3 WaitStateEntered 6<4 WaitStateExited 7<6 FailStateEntered 8<7 WaitStateAborted 9<7 ParallelStateFailed 10<9 ExecutionFailed",
    ],
    [
      "an iteration that fails and cuts another short",
      { Type: "Map", ItemProcessor: route },
      [{ pauses: true }, { pauses: null }],
      "12<10 WaitStateExited 13<12 FailStateEntered 14<13 MapIterationAborted 15<13 WaitStateAborted 16<13 MapIterationFailed 17<13 MapStateFailed 18<17 ExecutionFailed",
    ],
    [
      "States.Runtime in a branch",
      { Type: "Parallel", Branches: [missing, long] },
      {},
      "5<3 WaitStateEntered 6<4 ExecutionFailed",
    ],
    [
      "States.Runtime in an iteration",
      { Type: "Map", ItemProcessor: missing },
      [1],
      "5<4 PassStateEntered 6<5 ExecutionFailed",
    ],
    [
      "a retry of a Parallel state",
      { Type: "Parallel", Branches: [boom], Retry: [{ ErrorEquals: ["States.ALL"], MaxAttempts: 1 }] },
      {},
      "4<3 FailStateEntered 5<4 ParallelStateStarted 6<5 FailStateEntered 7<6 ParallelStateFailed 8<7 ExecutionFailed",
    ],
    [
      "an expression that fails in a branch and is caught outside",
      { Type: "Parallel", Branches: [nothing], ...caught },
      {},
      "4<3 PassStateEntered 5<4 EvaluationFailed 6<5 ParallelStateFailed 7<6 ParallelStateExited 8<7 PassStateEntered 9<8 PassStateExited 10<9 ExecutionSucceeded",
      handled,
    ],
    [
      "a Task that ends its branch",
      { Type: "Parallel", Branches: [sending], ...caught },
      {},
      "6<5 LambdaFunctionStarted 7<6 LambdaFunctionFailed 8<7 TaskStateAborted 9<7 ParallelStateFailed 10<9 ParallelStateExited 11<10 PassStateEntered 12<11 PassStateExited 13<12 ExecutionSucceeded",
      handled,
    ],
    [
      "a catcher whose own output fails",
      {
        Type: "Parallel",
        QueryLanguage: "JSONata",
        Branches: [boom],
        Catch: [{ ErrorEquals: ["States.ALL"], Output: "{% $none %}", Next: "Handled" }],
      },
      {},
      "4<3 FailStateEntered 5<4 ParallelStateFailed 6<4 EvaluationFailed 7<6 ParallelStateFailed 8<7 ExecutionFailed",
      handled,
    ],
    [
      "an expression that fails at each try",
      {
        ...task,
        QueryLanguage: "JSONata",
        Arguments: "{% $none %}",
        Retry: [{ ErrorEquals: ["States.ALL"], MaxAttempts: 1 }],
      },
      {},
      "2<0 TaskStateEntered 3<2 EvaluationFailed 4<3 EvaluationFailed 5<4 ExecutionFailed",
    ],
    [
      "a Distributed Map",
      {
        Type: "Map",
        ItemProcessor: {
          ProcessorConfig: { Mode: "DISTRIBUTED", ExecutionType: "STANDARD" },
          StartAt: "I",
          States: { I: { Type: "Pass", End: true } },
        },
      },
      [1],
      "4<3 MapRunStarted 5<4 MapRunSucceeded 6<5 MapStateSucceeded 7<4 MapStateExited 8<7 ExecutionSucceeded",
    ],
  ] as const) {
    it(`has the events of ${name}, as measured on AWS`, async () => {
      const handlers = {
        Send: () => {
          throw new TaskFailure({ error: "E", cause: "why" });
        },
      };
      const { events } = await run(
        { StartAt: "S", States: { S: { End: true, ...state }, ...others } },
        { input: Array.isArray(input) ? [...input] : {}, handlers },
      );
      expect(lines(events).join(" ")).to.match(new RegExp(`(?:^| )${RegExp.escape(expected)}$`, "u"));
    });
  }

  it("tells of an expression that failed, and where it stands", async () => {
    const { events } = await runState({ Type: "Pass", QueryLanguage: "JSONata", Output: { a: ["{% $none %}"] } });
    expect(events.map(({ type }) => type)).to.deep.equal([
      "ExecutionStarted",
      "PassStateEntered",
      "EvaluationFailed",
      "ExecutionFailed",
    ]);
    expect(events[2]).to.have.nested.property("evaluationFailedEventDetails.location", "Output/a[0]");
    expect(events[3]).to.have.nested.property("executionFailedEventDetails.error", "States.QueryEvaluationError");
  });

  it("counts the ids that causes name", async () => {
    const { result } = await run({
      StartAt: "A",
      States: { A: { Type: "Pass", Next: "B" }, B: { Type: "Pass", InputPath: "$.none", End: true } },
    });
    expect(result)
      .to.have.property("cause")
      .that.includes("'B' (entered at the event id #4). Invalid path '$.none' : No results for path: $['none']");
  });

  it("goes on from where it was left, when an execution is redriven", async () => {
    const definition = {
      StartAt: "A",
      States: {
        A: { Type: "Pass", Next: "B" },
        B: {
          ...task,
          Parameters: { "x.$": "$x", "n.$": "$$.Execution.RedriveCount", "at.$": "$$.Execution.RedriveTime" },
          End: true,
        },
      },
    };
    const { events, result } = await run(definition, {
      input: { first: true },
      clock: new VirtualClock(0),
      resumeFrom: { state: "B", input: { b: 1 }, variables: { x: 5 }, lastEventId: 7, redriveCount: 2 },
    });
    expect(result).to.deep.equal({ status: "SUCCEEDED", output: { x: 5, n: 2, at: "1970-01-01T00:00:00.000Z" } });
    expect(lines(events).slice(0, 2)).to.deep.equal(["8<7 ExecutionRedriven", "9<8 TaskStateEntered"]);
  });
});

describe("the Context object", () => {
  it("tells of the execution, the machine and the state", async () => {
    const { result } = await runState(
      { Type: "Pass", InputPath: "$$" },
      { input: { a: 1 }, executionName: "run-1", machineName: "headlines" },
    );
    expect(result).to.deep.equal({
      status: "SUCCEEDED",
      output: {
        Execution: {
          Id: "arn:aws:states:us-east-1:000000000000:execution:headlines:run-1",
          Input: { a: 1 },
          Name: "run-1",
          RedriveCount: 0,
          RoleArn: "arn:aws:iam::000000000000:role/local",
          StartTime: "2026-01-01T00:00:00.000Z",
        },
        StateMachine: { Id: "arn:aws:states:us-east-1:000000000000:stateMachine:headlines", Name: "headlines" },
        State: { Name: "S", EnteredTime: "2026-01-01T00:00:00.000Z" },
      },
    });
  });

  it("has another ARN and no redrives in an Express execution", async () => {
    const { result } = await runState(
      { Type: "Pass", InputPath: "$$.Execution" },
      { type: "EXPRESS", executionName: "e", region: "eu-west-1", accountId: "123" },
    );
    expect(result).to.not.have.nested.property("output.RedriveCount");
    expect(result)
      .to.have.nested.property("output.Id")
      .that.matches(/^arn:aws:states:eu-west-1:123:express:machine:e:[0-9a-f-]{36}$/u);
  });

  it("is there for JSONata too", async () => {
    const { result } = await runState({
      Type: "Task",
      Resource: lambda,
      QueryLanguage: "JSONata",
      Arguments: "{% $states.context.State %}",
    });
    expect(result).to.deep.equal({
      status: "SUCCEEDED",
      output: { Name: "S", EnteredTime: "2026-01-01T00:00:00.000Z", RetryCount: 0 },
    });
  });
});
