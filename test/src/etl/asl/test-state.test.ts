import { expect } from "chai";

import { InvalidTestError, testState, type TestStateOptions } from "../../../../src/etl/asl/test-state.ts";
import { lambda } from "../../../helpers/etl/asl.ts";

const roleArn = "arn:aws:iam::000000000000:role/r";
const task = { Type: "Task", Resource: lambda, End: true };
const test = async (options: Partial<TestStateOptions> & Pick<TestStateOptions, "definition">) =>
  testState({ input: { a: 1 }, ...options });

async function refusal(options: Partial<TestStateOptions> & Pick<TestStateOptions, "definition">): Promise<string> {
  try {
    await test(options);
  } catch (error) {
    if (error instanceof InvalidTestError) return `${error.code}: ${error.message}`;
  }
  return "accepted";
}

describe("testState", () => {
  it("gives the output and where it goes on to", async () => {
    expect(await test({ definition: { Type: "Pass", Next: "Other" } })).to.deep.equal({
      status: "SUCCEEDED",
      output: { a: 1 },
      nextState: "Other",
    });
  });

  it("shows what every step made of the data", async () => {
    const definition = {
      ...task,
      InputPath: "$.in",
      Parameters: { "n.$": "$.n" },
      ResultSelector: { "m.$": "$.m" },
      ResultPath: "$.out",
      OutputPath: "$.out",
    };
    expect(
      await test({ definition, input: { in: { n: 1 } }, mock: { result: { m: 2 } }, inspectionLevel: "DEBUG" }),
    ).to.deep.equal({
      status: "SUCCEEDED",
      output: { m: 2 },
      inspectionData: {
        input: { in: { n: 1 } },
        afterInputPath: { n: 1 },
        afterParameters: { n: 1 },
        result: { m: 2 },
        afterResultSelector: { m: 2 },
        afterResultPath: { in: { n: 1 }, out: { m: 2 } },
      },
    });
  });

  it("shows the Arguments and variables of a JSONata state", async () => {
    const definition = { ...task, QueryLanguage: "JSONata", Arguments: { x: "{% $v + $states.input.a %}" } };
    const { inspectionData } = await test({
      definition,
      variables: { v: 1 },
      mock: { result: 3 },
      inspectionLevel: "TRACE",
    });
    expect(inspectionData).to.deep.equal({ input: { a: 1 }, variables: { v: 1 }, afterArguments: { x: 2 }, result: 3 });
  });

  it("lets the caller do the work where there is no mock", async () => {
    expect(await test({ definition: task, roleArn, invoke: async (call) => ({ got: call.input }) })).to.deep.equal({
      status: "SUCCEEDED",
      output: { got: { a: 1 } },
    });
  });

  it("finds a state in a machine, nested ones too", async () => {
    const inner = { StartAt: "Inner", States: { Inner: { Type: "Pass", Result: 5, End: true } } };
    const definition = { StartAt: "P", States: { P: { Type: "Parallel", Branches: [inner], End: true } } };
    expect(await test({ definition, stateName: "Inner" })).to.deep.equal({ status: "SUCCEEDED", output: 5 });
  });

  it("says whether a failure would be retried, caught or the end", async () => {
    const mock = { errorOutput: { error: "E", cause: "C" } };
    const definition = {
      ...task,
      Retry: [{ ErrorEquals: ["X"] }, { ErrorEquals: ["E"], IntervalSeconds: 2, MaxAttempts: 2 }],
      Catch: [{ ErrorEquals: ["States.ALL"], ResultPath: "$.e", Next: "Handler" }],
    };
    const at = async (retrierRetryCount: number) =>
      test({ definition, mock, stateConfiguration: { retrierRetryCount }, inspectionLevel: "DEBUG" });
    const first = await at(1);
    expect(first).to.include({ status: "RETRIABLE", error: "E", cause: "C" });
    expect(first.inspectionData).to.deep.include({ errorDetails: { retryIndex: 1, retryBackoffIntervalSeconds: 4 } });
    const last = await at(2);
    expect(last).to.deep.include({
      status: "CAUGHT_ERROR",
      nextState: "Handler",
      output: { a: 1, e: { Error: "E", Cause: "C" } },
    });
    expect(last.inspectionData).to.deep.include({ errorDetails: { retryIndex: 1, catchIndex: 0 } });
    expect(await test({ definition: task, mock })).to.deep.equal({ status: "FAILED", error: "E", cause: "C" });
  });

  it("mocks a Map or Parallel as a whole", async () => {
    const processor = { StartAt: "P", States: { P: { Type: "Pass", End: true } } };
    const definition = { Type: "Map", ItemsPath: "$.l", MaxConcurrency: 2, ItemProcessor: processor, End: true };
    const selecting = { ...definition, ItemSelector: { "v.$": "$$.Map.Item.Value" } };
    const result = await test({
      definition: selecting,
      input: { l: [1] },
      mock: { result: ["x"] },
      inspectionLevel: "DEBUG",
    });
    expect(result).to.deep.include({ status: "SUCCEEDED", output: ["x"] });
    expect(result.inspectionData).to.deep.include({
      maxConcurrency: 2,
      afterItemsPath: [1],
      afterItemSelector: [{ v: 1 }],
    });
  });

  it("takes what the ItemReader of a mocked Map would have read", async () => {
    const definition = {
      Type: "Map",
      ItemReader: {
        Resource: "arn:aws:states:::s3:getObject",
        ReaderConfig: { InputType: "JSON", ItemsPointer: "/list", MaxItems: 1 },
      },
      ItemSelector: { "v.$": "$$.Map.Item.Value" },
      ItemProcessor: {
        StartAt: "P",
        States: { P: { Type: "Pass", End: true } },
        ProcessorConfig: { Mode: "DISTRIBUTED", ExecutionType: "STANDARD" },
      },
      End: true,
    };
    const { inspectionData } = await test({
      definition,
      mock: { result: ["x"] },
      stateConfiguration: { mapItemReaderData: JSON.stringify({ list: [1, 2] }) },
      inspectionLevel: "DEBUG",
    });
    expect(inspectionData).to.deep.include({ afterItemsPointer: [1, 2], afterItemSelector: [{ v: 1 }] });
  });

  it("weighs the iterations that failed against what a Map tolerates", async () => {
    const processor = {
      StartAt: "P",
      States: { P: { Type: "Pass", End: true } },
      ProcessorConfig: { Mode: "DISTRIBUTED", ExecutionType: "STANDARD" },
    };
    const definition = { Type: "Map", ToleratedFailureCount: 1, ItemProcessor: processor, End: true };
    const failed = async (mapIterationFailureCount: number) =>
      test({
        definition,
        input: [1, 2, 3],
        mock: { result: [1, 2, 3] },
        stateConfiguration: { mapIterationFailureCount },
      });
    expect((await failed(1)).status).to.equal("SUCCEEDED");
    expect(await failed(2)).to.include({ status: "FAILED", error: "States.ExceedToleratedFailureThreshold" });
  });

  it("gives the Context object as it was given", async () => {
    const definition = { Type: "Pass", InputPath: "$$", End: true };
    expect(await test({ definition, context: { State: { Name: "n" } } })).to.deep.include({
      output: { State: { Name: "n" } },
    });
    expect(await test({ definition })).to.have.nested.property("output.State.Name", "StateName");
  });

  it("lets a Wait take no time", async () => {
    expect(await test({ definition: { Type: "Wait", Seconds: 99_999, End: true } })).to.include({
      status: "SUCCEEDED",
    });
  });

  for (const [name, options, message] of [
    [
      "a state that is not there",
      { definition: { StartAt: "S", States: { S: { Type: "Succeed" } } }, stateName: "T" },
      "ValidationException: State not found in definition",
    ],
    [
      "an empty name",
      { definition: { Type: "Succeed" }, stateName: "" },
      "ParamValidationError: Parameter validation failed:\nInvalid length for parameter stateName, value: 0, valid min length: 1",
    ],
    [
      "a definition that is wrong",
      { definition: { Type: "Pass", Nothing: 1 } },
      "InvalidDefinition: Invalid State Machine Definition: 'SCHEMA_VALIDATION_FAILED: Field 'Nothing' is not supported at /'",
    ],
    ["text that is no JSON", { definition: "{" }, "InvalidDefinition: "],
    [
      "a Parallel without a mock",
      { definition: { Type: "Parallel", Branches: [{ StartAt: "P", States: { P: { Type: "Succeed" } } }], End: true } },
      "InvalidDefinition: TestState API does not support Map or Parallel states.",
    ],
    [
      "a job without a mock",
      { definition: { ...task, Resource: "arn:aws:states:::ecs:runTask.sync" }, roleArn },
      "InvalidDefinition: TestState API does not support arn:aws:states:::ecs:runTask.sync",
    ],
    [
      "a mock of a Pass",
      { definition: { Type: "Pass", End: true }, mock: { result: 1 } },
      "ValidationException: State type 'Pass' is not supported when a mock is specified",
    ],
    [
      "two mocks",
      { definition: task, mock: { result: 1, errorOutput: {} } },
      "ValidationException: A test mock should have only one of the following fields: [result, errorOutput].",
    ],
    [
      "a Task without a role or a mock",
      { definition: task },
      "ValidationException: RoleArn must be specified when testing a Task state",
    ],
    [
      "a Context object with Map",
      { definition: task, roleArn, context: { Map: {} } },
      "ValidationException: Invalid Context object provided: 'Map' field is not supported when mocking a Context object",
    ],
    [
      "a Context object with a wrong type",
      { definition: task, roleArn, context: { State: { Name: 1 } } },
      "ValidationException: Invalid Context object provided: State.Name must be a string",
    ],
  ] as const) {
    it(`refuses ${name}`, async () =>
      expect(await refusal(options)).to.match(new RegExp(`^${RegExp.escape(message)}`, "u")));
  }
});
