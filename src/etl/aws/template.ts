import * as z from "zod";

import { type HandlerSpec, type Pipeline, variablesOf } from "../pipelines.ts";

/** A handler's zip in the bucket that CloudFormation reads code from. */
export type Code = { readonly bucket: string; readonly key: string };

export type TemplateOptions = {
  readonly definition: string;
  readonly code: Readonly<Record<string, Code>>;
  /** EventBridge's words; without them the schedule is there, disabled. */
  readonly schedule?: string | undefined;
  /** The input of scheduled executions, JSON text. */
  readonly input: string;
  /** Values of variables that are no secrets. */
  readonly variables: Readonly<Record<string, string | undefined>>;
};

type Resource = {
  readonly Type: string;
  readonly DeletionPolicy?: "Retain" | "Delete";
  readonly UpdateReplacePolicy?: "Retain" | "Delete";
  readonly Properties: Readonly<Record<string, unknown>>;
};

export type Template = {
  readonly AWSTemplateFormatVersion: "2010-09-09";
  readonly Description: string;
  readonly Resources: Readonly<Record<string, Resource>>;
  readonly Outputs: Readonly<Record<string, { readonly Value: unknown }>>;
};

/** One thing that a role may do. */
export type Statement = { readonly Effect: "Allow"; readonly Action: readonly string[]; readonly Resource: unknown };

const ref = (name: string) => ({ Ref: name });
const arn = (name: string) => ({ "Fn::GetAtt": [name, "Arn"] });
const sub = (text: string) => ({ "Fn::Sub": text });

/** The CloudFormation template of a pipeline: everything it needs, and a role of its own for each that acts. */
export function makeTemplate(pipeline: Pipeline, options: TemplateOptions): Template {
  const handlers = Object.entries(pipeline.handlers);
  return {
    AWSTemplateFormatVersion: "2010-09-09",
    Description: pipeline.description,
    Resources: {
      Data: bucket,
      HandlerLogs: logGroup(`/etl/${pipeline.name}/handlers`),
      MachineLogs: logGroup(`/aws/vendedlogs/states/${pipeline.name}`),
      ...Object.fromEntries(handlers.flatMap(([name, spec]) => functionResources(pipeline, name, spec, options))),
      MachineRole: role("states.amazonaws.com", machineStatements(pipeline)),
      Machine: machine(pipeline, options.definition),
      DeadLetters: deadLetters,
      ScheduleRole: role("scheduler.amazonaws.com", [
        allow(["states:StartExecution"], ref("Machine")),
        allow(["sqs:SendMessage"], arn("DeadLetters")),
      ]),
      Schedule: schedule(options),
    },
    Outputs: { MachineArn: { Value: ref("Machine") }, DataBucket: { Value: ref("Data") } },
  };
}

/** Where a secret is kept; it is put there by hand, once. */
function parameterName(pipeline: Pipeline, variable: string): string {
  return `/etl/${pipeline.name}/${variable}`;
}

/** What every role of a template may do, to be read before it is applied. */
export function permissionsOf({
  Resources,
}: Template): readonly { readonly role: string; readonly statement: Statement }[] {
  return Object.entries(Resources).flatMap(([role, { Properties }]) =>
    policiesSchema
      .parse(Properties["Policies"] ?? [])
      .flatMap(({ PolicyDocument }) => PolicyDocument.Statement.map((statement) => ({ role, statement }))),
  );
}

const policiesSchema = z.array(
  z.object({
    PolicyDocument: z.object({
      Statement: z.array(z.object({ Effect: z.literal("Allow"), Action: z.array(z.string()), Resource: z.unknown() })),
    }),
  }),
);

function functionResources(
  pipeline: Pipeline,
  name: string,
  spec: HandlerSpec,
  { code, variables }: TemplateOptions,
): [string, Resource][] {
  const id = idOf(name);
  const secrets = spec.environment.filter(({ secret }) => secret === true);
  const plain = spec.environment.flatMap(({ name: variable, secret }) => {
    const value = variables[variable];
    return secret === true || value === undefined ? [] : [[variable, value] as const];
  });
  const parameters = secrets.map(({ name: variable }) => [`${variable}_PARAMETER`, parameterName(pipeline, variable)]);
  return [
    [`${id}Role`, role("lambda.amazonaws.com", functionStatements(pipeline, spec))],
    [
      `${id}Function`,
      {
        Type: "AWS::Lambda::Function",
        Properties: {
          FunctionName: sub(`\${AWS::StackName}-${name}`),
          Runtime: "nodejs22.x",
          Architectures: ["arm64"],
          Handler: "index.handler",
          Code: { S3Bucket: code[name]?.bucket, S3Key: code[name]?.key },
          Role: arn(`${id}Role`),
          Timeout: spec.timeoutSeconds,
          MemorySize: spec.memoryMb,
          LoggingConfig: { LogFormat: "JSON", LogGroup: ref("HandlerLogs") },
          Environment: {
            Variables: {
              DATA_URL: sub(`s3://\${Data}/${pipeline.name}`),
              ...Object.fromEntries([...plain, ...parameters]),
            },
          },
        },
      },
    ],
  ];
}

function functionStatements(pipeline: Pipeline, { environment }: HandlerSpec): Statement[] {
  const secrets = environment.filter(({ secret }) => secret === true);
  return [
    allow(["logs:CreateLogStream", "logs:PutLogEvents"], arn("HandlerLogs")),
    allow(
      ["s3:GetObject", "s3:PutObject", ...(pipeline.name === "transfers" ? ["s3:DeleteObject"] : [])],
      sub(`\${Data.Arn}/${pipeline.name}/*`),
    ),
    allow(["s3:ListBucket"], arn("Data")),
    ...(secrets.length === 0
      ? []
      : [
          allow(
            ["ssm:GetParameters"],
            secrets.map(({ name }) =>
              sub(
                `arn:\${AWS::Partition}:ssm:\${AWS::Region}:\${AWS::AccountId}:parameter${parameterName(pipeline, name)}`,
              ),
            ),
          ),
        ]),
  ];
}

function machineStatements(pipeline: Pipeline): Statement[] {
  const own = "${AWS::Partition}:states:${AWS::Region}:${AWS::AccountId}";
  return [
    allow(
      ["lambda:InvokeFunction"],
      Object.keys(pipeline.handlers).map((name) => arn(`${idOf(name)}Function`)),
    ),
    // Log delivery knows no resources: https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html
    allow(
      [
        "logs:CreateLogDelivery",
        "logs:GetLogDelivery",
        "logs:UpdateLogDelivery",
        "logs:DeleteLogDelivery",
        "logs:ListLogDeliveries",
        "logs:PutResourcePolicy",
        "logs:DescribeResourcePolicies",
        "logs:DescribeLogGroups",
      ],
      "*",
    ),
    // A Distributed Map starts its items as executions of the machine itself.
    ...(pipeline.name === "transfers"
      ? [
          allow(["states:StartExecution"], sub(`arn:${own}:stateMachine:\${AWS::StackName}`)),
          allow(
            ["states:DescribeExecution", "states:StopExecution"],
            [sub(`arn:${own}:execution:\${AWS::StackName}:*`), sub(`arn:${own}:execution:\${AWS::StackName}/*`)],
          ),
        ]
      : []),
  ];
}

function machine(pipeline: Pipeline, definition: string): Resource {
  const names = Object.keys(pipeline.handlers);
  return {
    Type: "AWS::StepFunctions::StateMachine",
    Properties: {
      StateMachineName: ref("AWS::StackName"),
      StateMachineType: "STANDARD",
      RoleArn: arn("MachineRole"),
      DefinitionString: JSON.stringify(JSON.parse(definition)),
      DefinitionSubstitutions: Object.fromEntries(names.map((name) => [name, arn(`${idOf(name)}Function`)])),
      LoggingConfiguration: {
        Level: "ERROR",
        IncludeExecutionData: false,
        Destinations: [{ CloudWatchLogsLogGroup: { LogGroupArn: arn("MachineLogs") } }],
      },
    },
  };
}

function schedule({ schedule: expression, input }: TemplateOptions): Resource {
  return {
    Type: "AWS::Scheduler::Schedule",
    Properties: {
      ScheduleExpression: expression ?? "rate(1 day)",
      State: expression === undefined ? "DISABLED" : "ENABLED",
      FlexibleTimeWindow: { Mode: "OFF" },
      Target: {
        Arn: ref("Machine"),
        RoleArn: arn("ScheduleRole"),
        Input: input,
        DeadLetterConfig: { Arn: arn("DeadLetters") },
        RetryPolicy: { MaximumRetryAttempts: 3, MaximumEventAgeInSeconds: 3600 },
      },
    },
  };
}

const bucket: Resource = {
  Type: "AWS::S3::Bucket",
  DeletionPolicy: "Retain",
  UpdateReplacePolicy: "Retain",
  Properties: {
    BucketEncryption: {
      ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: "AES256" } }],
    },
    PublicAccessBlockConfiguration: {
      BlockPublicAcls: true,
      BlockPublicPolicy: true,
      IgnorePublicAcls: true,
      RestrictPublicBuckets: true,
    },
    OwnershipControls: { Rules: [{ ObjectOwnership: "BucketOwnerEnforced" }] },
  },
};

const deadLetters: Resource = {
  Type: "AWS::SQS::Queue",
  Properties: { MessageRetentionPeriod: 1_209_600, SqsManagedSseEnabled: true },
};

function logGroup(name: string): Resource {
  return {
    Type: "AWS::Logs::LogGroup",
    DeletionPolicy: "Delete",
    Properties: { LogGroupName: name, RetentionInDays: 30 },
  };
}

function role(service: string, statements: readonly Statement[]): Resource {
  return {
    Type: "AWS::IAM::Role",
    Properties: {
      AssumeRolePolicyDocument: {
        Version: "2012-10-17",
        Statement: [{ Effect: "Allow", Principal: { Service: service }, Action: ["sts:AssumeRole"] }],
      },
      Policies: [{ PolicyName: "own", PolicyDocument: { Version: "2012-10-17", Statement: statements } }],
    },
  };
}

function allow(actions: readonly string[], resource: unknown): Statement {
  return { Effect: "Allow", Action: actions, Resource: resource };
}

/** Logical ids are letters and digits: `deadLetter` → `DeadLetter`. */
function idOf(handler: string): string {
  return `${handler.slice(0, 1).toUpperCase()}${handler.slice(1)}`;
}

/** The secrets that have to be in SSM before the stack works. */
export function secretParameters(pipeline: Pipeline): string[] {
  return variablesOf(pipeline)
    .filter(({ secret }) => secret === true)
    .map(({ name }) => parameterName(pipeline, name));
}
