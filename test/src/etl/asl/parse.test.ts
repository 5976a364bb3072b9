import { expect } from "chai";

import { parseMachine, validateMachine } from "../../../../src/etl/asl/parse.ts";
import { lambda } from "../../../helpers/etl/asl.ts";

const task = { Type: "Task", Resource: lambda, End: true };
const of = (state: object, more: object = {}) => ({ StartAt: "S", States: { S: state }, ...more });
const found = (definition: string | object, options = {}) =>
  validateMachine(definition, options).map(({ severity, code, message, location }) => [
    severity === "ERROR" ? code : severity,
    location,
    message,
  ]);

/** The places of the errors of a state. */
const places = (state: object, more: object = {}) => found(of(state, more)).map(([, location]) => location);

describe("validateMachine", () => {
  it("finds nothing wrong with what is right", () => {
    for (const definition of [
      of({ Type: "Pass", End: true }, { Comment: "c", Version: "1.0", TimeoutSeconds: 5, QueryLanguage: "JSONPath" }),
      of({
        ...task,
        Retry: [{ ErrorEquals: ["E"], MaxDelaySeconds: 9, JitterStrategy: "FULL" }],
        Catch: [{ ErrorEquals: ["States.ALL"], ResultPath: null, Next: "S" }],
      }),
      of({
        Type: "Map",
        QueryLanguage: "JSONata",
        ItemProcessor: of(
          { Type: "Pass", QueryLanguage: "JSONPath", End: true },
          { StartAt: "P", States: { P: { Type: "Succeed" } } },
        ),
        End: true,
      }),
      JSON.stringify(of({ Type: "Succeed" })),
    ]) {
      expect(found(definition)).to.deep.equal([]);
    }
  });

  it("says in AWS's words what is wrong, and where", () => {
    expect(found({})).to.deep.equal([
      ["SCHEMA_VALIDATION_FAILED", "/", "These fields are required: [States, StartAt]"],
    ]);
    expect(found(" ")).to.deep.equal([["SCHEMA_VALIDATION_FAILED", "/", "Definition must be a valid JSON object"]]);
    expect(found("no")[0]?.[0]).to.equal("INVALID_JSON_DESCRIPTION");
    expect(found(of({ Type: "Nothing" }))).to.deep.equal([
      [
        "SCHEMA_VALIDATION_FAILED",
        "/States/S/Type",
        "The field 'Type' should have one of these values: [Task, Wait, Pass, Succeed, Fail, Choice, Parallel, Map]",
      ],
      ["SCHEMA_VALIDATION_FAILED", "/States/S", "One of these fields is required: [Next, End]"],
      ["MISSING_END_STATE", "/", "There is no state that ends the machine"],
    ]);
    expect(found({ StartAt: "S", States: { S: { Type: "Pass", Next: "a/b" } } })).to.deep.include([
      "MISSING_TRANSITION_TARGET",
      "/States/S/Next",
      "Missing 'Next' target: a/b",
    ]);
    expect(found({ StartAt: "S", States: { S: { Type: "Succeed" }, "a/b~": { Type: "Succeed" } } })).to.deep.equal([
      ["MISSING_TRANSITION_TARGET", "/States/a~1b~0", 'State "a/b~" is not reachable.'],
    ]);
    expect(found(of({ Type: "Wait", Timestamp: "tomorrow", End: true }))).to.deep.equal([
      ["SCHEMA_VALIDATION_FAILED", "/States/S/Timestamp", "String does not match RFC3339 timestamp"],
    ]);
    expect(found(of({ ...task, Resource: "arn:aws:states:::dynamodb:query" }))[0]?.[2]).to.include("is not recognized");
    expect(found(of({ ...task, Output: {} }))[0]?.[2]).to.equal(
      "The QueryLanguage is set to 'JSONPath', but field 'Output' is only supported for the 'JSONata' QueryLanguage",
    );
    expect(found(of({ ...task, Nothing: {} }))[0]?.[2]).to.equal("Field 'Nothing' is not supported");
  });

  for (const [name, state, place] of [
    ["a field that the type does not have", { Type: "Pass", Resource: "x", End: true }, "/States/S"],
    [
      "JSONPath fields in a JSONata state",
      { Type: "Pass", QueryLanguage: "JSONata", InputPath: "$", End: true },
      "/States/S",
    ],
    ["JSONata fields in a JSONPath state", { ...task, Arguments: {} }, "/States/S"],
    ["two ways to say the same", { ...task, TimeoutSeconds: 1, TimeoutSecondsPath: "$.t" }, "/States/S"],
    ["a wait without a time", { Type: "Wait", End: true }, "/States/S"],
    ["a wait with two times", { Type: "Wait", Seconds: 1, SecondsPath: "$.s", End: true }, "/States/S"],
    ["Next beside End", { Type: "Pass", Next: "S", End: true }, "/States/S"],
    ["a path that is none", { Type: "Pass", InputPath: "a", End: true }, "/States/S/InputPath"],
    [
      "a ResultPath that cannot be written to",
      { Type: "Pass", ResultPath: "$.a[*]", End: true },
      "/States/S/ResultPath",
    ],
    ["a ResultPath into a variable", { Type: "Pass", ResultPath: "$x", End: true }, "/States/S/ResultPath"],
    [
      "a template's path that is none",
      { Type: "Pass", Parameters: { a: [{ "b.$": 1 }] }, End: true },
      "/States/S/Parameters/a[0]",
    ],
    [
      "a template's field given twice",
      { Type: "Pass", Parameters: { a: 1, "a.$": "$" }, End: true },
      "/States/S/Parameters",
    ],
    [
      "an expression that cannot be parsed",
      { Type: "Pass", QueryLanguage: "JSONata", Output: { a: "{% 1 + %}" }, End: true },
      "/States/S/Output/a",
    ],
    [
      "an expression that is not closed",
      { Type: "Pass", QueryLanguage: "JSONata", Output: "{% 1 %", End: true },
      "/States/S/Output",
    ],
    ["no ErrorEquals", { ...task, Retry: [{}] }, "/States/S/Retry[0]"],
    ["an empty ErrorEquals", { ...task, Catch: [{ ErrorEquals: [], Next: "S" }] }, "/States/S/Catch[0]/ErrorEquals"],
    [
      "States.ALL beside another",
      { ...task, Retry: [{ ErrorEquals: ["States.ALL", "E"] }] },
      "/States/S/Retry[0]/ErrorEquals",
    ],
    [
      "States.ALL before the last entry",
      { ...task, Retry: [{ ErrorEquals: ["States.ALL"] }, { ErrorEquals: ["E"] }] },
      "/States/S/Retry[0]/ErrorEquals",
    ],
    [
      "a BackoffRate below 1",
      { ...task, Retry: [{ ErrorEquals: ["E"], BackoffRate: 0.5 }] },
      "/States/S/Retry[0]/BackoffRate",
    ],
    [
      "a heartbeat that is not below the timeout",
      { ...task, TimeoutSeconds: 5, HeartbeatSeconds: 5 },
      "/States/S/HeartbeatSeconds",
    ],
    ["credentials that are no object", { ...task, Credentials: "x" }, "/States/S/Credentials"],
    ["a Parallel without branches", { Type: "Parallel", End: true }, "/States/S"],
    ["a Map without a processor", { Type: "Map", End: true }, "/States/S"],
    [
      "an ItemReader in an inline Map",
      {
        Type: "Map",
        ItemProcessor: of({ Type: "Succeed" }, { States: { P: { Type: "Succeed" } }, StartAt: "P" }),
        ItemReader: { Resource: "r" },
        End: true,
      },
      "/States/S/ItemReader",
    ],
    ["a Choice without rules", { Type: "Choice", Choices: [], Default: "S" }, "/States/S/Choices"],
    [
      "a rule without Next",
      { Type: "Choice", Choices: [{ Variable: "$.x", IsNull: true }], Default: "S" },
      "/States/S/Choices[0]",
    ],
    [
      "a rule with two comparisons",
      { Type: "Choice", Choices: [{ Variable: "$.x", IsNull: true, IsString: true, Next: "S" }], Default: "S" },
      "/States/S/Choices[0]",
    ],
    [
      "Next in an inner rule",
      { Type: "Choice", Choices: [{ Not: { Variable: "$.x", IsNull: true, Next: "S" }, Next: "S" }], Default: "S" },
      "/States/S/Choices[0]/Not",
    ],
    [
      "a comparison with the wrong type",
      { Type: "Choice", Choices: [{ Variable: "$.x", NumericEquals: "1", Next: "S" }], Default: "S" },
      "/States/S/Choices[0]/NumericEquals",
    ],
    [
      "a condition that is no expression",
      { Type: "Choice", QueryLanguage: "JSONata", Choices: [{ Condition: "1 = 1", Next: "S" }], Default: "S" },
      "/States/S/Choices[0]/Condition",
    ],
  ] as const) {
    it(`finds ${name}`, () => expect(places(state)).to.include(place));
  }

  for (const [expression, code, message] of [
    ["phone.x", "UNSUPPORTED_JSONATA_EXPRESSION", "Reference to 'phone' at the top level is not supported."],
    [
      "$map($states.input, function($x) { y })",
      "UNSUPPORTED_JSONATA_EXPRESSION",
      "Reference to 'y' at the top level is not supported.",
    ],
    ["$$.x", "UNSUPPORTED_JSONATA_EXPRESSION", "Reference to '$$' is not supported."],
    ["1 +", "INVALID_JSONATA_EXPRESSION", "Unexpected end of expression"],
  ] as const) {
    it(`refuses the expression ${expression}`, () => {
      const state = { Type: "Pass", QueryLanguage: "JSONata", Output: { a: `{% ${expression} %}` }, End: true };
      expect(found(of(state))).to.deep.equal([[code, "/States/S/Output/a", message]]);
    });
  }

  it("takes names where an expression gives them a context", () => {
    for (const expression of [
      "$states.input.l[value > 3]",
      "$states.input.l^(price)",
      "$states.input.a.(b + c)",
      "$states.input.l{name: value}",
      "$filter($states.input.l, function($v) { $v.x }).y",
    ]) {
      expect(
        found(of({ Type: "Pass", QueryLanguage: "JSONata", Output: `{% ${expression} %}`, End: true })),
        expression,
      ).to.deep.equal([]);
    }
  });

  it("looks into branches and processors, which are worlds of their own", () => {
    const inner = { StartAt: "I", States: { I: { Type: "Pass", Next: "S" } } };
    expect(places({ Type: "Parallel", Branches: [inner], End: true })).to.include(
      "/States/S/Branches[0]/States/I/Next",
    );
    expect(places({ Type: "Map", ItemProcessor: inner, End: true })).to.include(
      "/States/S/ItemProcessor/States/I/Next",
    );
    expect(found(of({ Type: "Map", ItemProcessor: of({ Type: "Succeed" }), End: true }))[0]?.[0]).to.equal(
      "DUPLICATE_STATE_NAME",
    );
  });

  it("takes a query language of a branch, and a retry at once", () => {
    const branch = { QueryLanguage: "JSONata", StartAt: "B", States: { B: { Type: "Pass", Output: 1, End: true } } };
    expect(found(of({ Type: "Parallel", Branches: [branch], End: true }))).to.deep.equal([]);
    const retry = [{ ErrorEquals: ["E"], IntervalSeconds: 0 }];
    expect(found(of({ ...task, Retry: retry }))).to.deep.equal([]);
  });

  it("knows which services can be waited for", () => {
    const resources = (name: string) => found(of({ ...task, Resource: `arn:aws:states:::${name}` })).length;
    for (const name of [
      "ecs:runTask.sync",
      "states:startExecution.sync:2",
      "aws-sdk:s3:listBuckets.waitForTaskToken",
      "elasticmapreduce:addStep.sync",
      "made-up:later.sync",
    ]) {
      expect(resources(name), name).to.equal(0);
    }
    for (const name of ["sqs:sendMessage.sync", "batch:submitJob.sync:2", "http:invoke.waitForTaskToken"]) {
      expect(resources(name), name).to.equal(1);
    }
    expect(resources("aws-sdk:s3:listBuckets.sync")).to.equal(1);
  });

  it("keeps the variable that is the language's own", () => {
    expect(places({ Type: "Pass", Assign: { "states.$": "$" }, End: true })).to.deep.equal(["/States/S/Assign"]);
    const whole = { Type: "Pass", QueryLanguage: "JSONata", Assign: "{% $states.input %}", End: true };
    expect(places(whole)).to.deep.equal(["/States/S/Assign"]);
  });

  it("holds Express machines to what they can do", () => {
    const waiting = of({ Type: "Task", Resource: "arn:aws:states:::sqs:sendMessage.waitForTaskToken", End: true });
    expect(found(waiting)).to.deep.equal([]);
    expect(found(waiting, { type: "EXPRESS" })).to.have.length(1);
    const activity = of({ ...task, Resource: "arn:aws:states:us-east-1:000000000000:activity:a" });
    expect(found(activity, { type: "EXPRESS" })).to.have.length(1);
    const child = (ExecutionType: string) => ({
      ProcessorConfig: { Mode: "DISTRIBUTED", ExecutionType },
      StartAt: "W",
      States: { W: waiting.States.S },
    });
    expect(found(of({ Type: "Map", ItemProcessor: child("STANDARD"), End: true }))).to.deep.equal([]);
    expect(places({ Type: "Map", ItemProcessor: child("EXPRESS"), End: true })).to.deep.equal([
      "/States/S/ItemProcessor/States/W/Resource",
    ]);
  });

  it("refuses JSONPath states in a JSONata machine", () => {
    expect(places({ Type: "Pass", QueryLanguage: "JSONPath", End: true }, { QueryLanguage: "JSONata" })).to.deep.equal([
      "/States/S",
    ]);
  });
});

describe("parseMachine", () => {
  it("gives a machine, or the findings", () => {
    expect(parseMachine(of({ Type: "Succeed" }))).to.have.property("machine");
    expect(parseMachine(of({ Type: "Nothing" }))).to.have.property("diagnostics");
    expect(parseMachine("[]")).to.have.property("diagnostics");
  });

  it("lets a machine with nothing but warnings run", () => {
    const parsed = parseMachine(of({ Type: "Task", Resource: { "Fn::GetAtt": ["F", "Arn"] }, End: true }));
    expect(parsed).to.have.property("machine");
  });
});
