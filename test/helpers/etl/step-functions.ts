import { text } from "node:stream/consumers";

import { serveStub, type Stub } from "./news.ts";

/** What Step Functions tells, in its own JSON: seconds since 1970. */
export const events: readonly object[] = [
  { id: 1, previousEventId: 0, type: "ExecutionStarted", timestamp: 1_795_000_000.1 },
  {
    id: 2,
    previousEventId: 1,
    type: "PassStateEntered",
    timestamp: 1_795_000_000.2,
    stateEnteredEventDetails: { name: "Set Source", input: "{}" },
  },
  {
    id: 3,
    previousEventId: 2,
    type: "PassStateExited",
    timestamp: 1_795_000_000.3,
    stateExitedEventDetails: { name: "Set Source", output: '{"source":"cnn"}' },
  },
  {
    id: 4,
    previousEventId: 3,
    type: "ExecutionFailed",
    timestamp: 1_795_000_000.4,
    executionFailedEventDetails: { error: "E", cause: "because" },
  },
];

/** What comes behind them once the execution is redriven. */
export const redriven: readonly object[] = [
  { id: 5, previousEventId: 4, type: "ExecutionRedriven", timestamp: 1_795_000_001 },
  {
    id: 6,
    previousEventId: 5,
    type: "ExecutionSucceeded",
    timestamp: 1_795_000_002,
    executionSucceededEventDetails: { output: "{}" },
  },
];

/** Step Functions on loopback, with one execution. */
export type StepFunctions = Stub & {
  /** `Operation`, with the token of a page and the input, in order. */
  readonly calls: string[];
  /** What will have happened, and how much of it has: one more at each look at the last page. */
  history: readonly object[];
  told: number;
  isStarted: boolean;
  /** So many looks at the history are refused. */
  throttled: number;
  /** A page whose token is too old, once. */
  expired: string | undefined;
};

type Body = { readonly nextToken?: string; readonly input?: string };

/** So many events are on a page of the history. */
const pageSize = 2;

export async function serveStepFunctions(): Promise<StepFunctions> {
  const operations: Record<string, (body: Body) => object> = {
    StartExecution() {
      if (aws.isStarted) return { __type: "ExecutionAlreadyExists" };
      aws.isStarted = true;
      return { executionArn: "arn:aws:states:us-east-1:1:execution:m:run", startDate: 1_795_000_000 };
    },
    DescribeExecution: () => ({ status: aws.told < aws.history.length ? "RUNNING" : "FAILED" }),
    RedriveExecution() {
      aws.history = [...events, ...redriven];
      return { redriveDate: 1_795_000_001 };
    },
    GetExecutionHistory({ nextToken = "0" }) {
      if (aws.throttled > 0) {
        aws.throttled -= 1;
        return { __type: "ThrottlingException" };
      }
      if (nextToken === aws.expired) {
        aws.expired = undefined;
        return { __type: "InvalidToken" };
      }
      const from = Number(nextToken);
      const isLast = from + pageSize > aws.told;
      if (isLast) aws.told = Math.min(aws.told + 1, aws.history.length);
      const more = isLast ? {} : { nextToken: String(from + pageSize) };
      return { events: aws.history.slice(from, Math.min(from + pageSize, aws.told)), ...more };
    },
  };
  const stub = await serveStub((request, response) => {
    void text(request).then((json) => {
      const target = String(request.headers["x-amz-target"]).replace("AWSStepFunctions.", "");
      const body: Body = JSON.parse(json);
      aws.calls.push([target, body.nextToken, body.input].filter((word) => word !== undefined).join(" "));
      const answer = operations[target]?.(body) ?? { __type: "UnknownOperationException" };
      response.statusCode = "__type" in answer ? 400 : 200;
      response.setHeader("content-type", "application/x-amz-json-1.0").end(JSON.stringify(answer));
    });
  });
  const aws: StepFunctions = {
    ...stub,
    calls: [],
    history: events,
    told: 0,
    isStarted: false,
    throttled: 0,
    expired: undefined,
  };
  return aws;
}
