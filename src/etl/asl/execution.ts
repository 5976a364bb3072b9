import type { Cancellation } from "./cancellation.ts";
import { isoTime, type History, type Thread } from "./history.ts";
import { uuidFrom } from "./random.ts";
import type { Scope } from "./scope.ts";
import type { ExecuteOptions, Json, JsonObject } from "./types.ts";

/** One execution of a machine, or one child execution of a Distributed Map. */
export class Execution {
  readonly options: ExecuteOptions;
  readonly history: History;
  readonly #input: Json;
  readonly #label: string | undefined;
  readonly #startedMs: number;
  #name: string | undefined;
  #context: { readonly Execution: JsonObject; readonly StateMachine: JsonObject } | undefined;

  constructor({ options, history, name, input, label }: ExecutionFacts) {
    this.options = options;
    this.history = history;
    this.#name = name;
    this.#input = input;
    this.#label = label;
    this.#startedMs = options.clock.now();
  }

  /** The name of a Distributed Map's child execution; `undefined` for the execution of a machine itself. */
  get childName(): string | undefined {
    return this.#label === undefined ? undefined : this.#name;
  }

  /** The parts of the Context object that every state shares; made when first asked for. */
  get context(): { readonly Execution: JsonObject; readonly StateMachine: JsonObject } {
    this.#context ??= this.#makeContext();
    return this.#context;
  }

  #makeContext() {
    const { machineName = "machine", random, roleArn, resumeFrom, type } = this.options;
    const name = (this.#name ??= uuidFrom(random));
    const isExpress = type === "EXPRESS";
    const arnStart = arnStartOf(this.options);
    const machine = this.#label === undefined ? machineName : `${machineName}/${this.#label}`;
    return {
      Execution: {
        Id: isExpress
          ? `${arnStart}:express:${machine}:${name}:${uuidFrom(random)}`
          : `${arnStart}:execution:${machine}:${name}`,
        Input: this.#input,
        StartTime: isoTime(this.#startedMs),
        Name: name,
        RoleArn: roleArn === undefined ? "arn:aws:iam::000000000000:role/local" : roleArn,
        ...(isExpress ? {} : { RedriveCount: resumeFrom?.redriveCount ?? 0 }),
        ...(resumeFrom === undefined ? {} : { RedriveTime: isoTime(this.#startedMs) }),
      },
      StateMachine: { Id: `${arnStart}:stateMachine:${machine}`, Name: machineName },
    };
  }
}

type ExecutionFacts = {
  readonly options: ExecuteOptions;
  readonly history: History;
  /** A UUID by default. */
  readonly name?: string | undefined;
  readonly input: Json;
  /** Of the Map state whose child this is. */
  readonly label?: string;
};

/** What every ARN of an execution begins with. */
export function arnStartOf({ region = "us-east-1", accountId = "000000000000" }: ExecuteOptions): string {
  return `arn:aws:states:${region}:${accountId}`;
}

/** One line of control: the machine itself, a branch of a Parallel state, an iteration of a Map. */
export type Branch = Thread & {
  readonly execution: Execution;
  readonly cancellation: Cancellation;
  /** Replaced as a whole by each Assign, so branches share what they were born with. */
  variables: JsonObject;
  /** `Map` of the Context object. */
  readonly map: JsonObject | undefined;
  /** Of a branch of a Parallel state, or an iteration: called when it is cut short, before its states tell of it. */
  readonly onCut?: (() => void) | undefined;
};

/** One entry into a state. */
export class Visit {
  readonly branch: Branch;
  readonly state: string;
  /** The state's input as it came. */
  readonly input: Json;
  readonly enteredEventId: number;
  /** `State.RetryCount` of the Context object; `undefined` for states that cannot retry. */
  retryCount: number | undefined;
  taskToken: string | undefined;
  /** A value that is known to be within the payload limit, the input at first. */
  weighed: Json;
  /** Sees the values between the steps; TestState shows them. */
  readonly inspect: Inspect | undefined;
  /** TestState's mock, in place of the branches or iterations. */
  readonly substitute: (() => Promise<Json>) | undefined;
  /** How many iterations of a Map TestState takes for failed. */
  readonly failedIterations: number;
  /** What TestState gives in place of what an ItemReader would read. */
  readonly readerData: string | undefined;
  readonly #enteredMs: number;
  readonly #givenContext: JsonObject | undefined;

  constructor({ branch, state, input, enteredEventId, inspection }: VisitFacts) {
    this.branch = branch;
    this.state = state;
    this.input = input;
    this.weighed = input;
    this.enteredEventId = enteredEventId;
    this.inspect = inspection?.note;
    this.substitute = inspection?.substitute;
    this.failedIterations = inspection?.failedIterations ?? 0;
    this.readerData = inspection?.readerData;
    this.retryCount = inspection?.retryCount;
    this.#givenContext = inspection?.context;
    this.#enteredMs = branch.execution.options.clock.now();
  }

  /** What expressions see, with `input` as `$`. */
  scope(
    input: Json,
    more: { readonly result?: Json; readonly errorOutput?: Json; readonly map?: JsonObject } = {},
  ): Scope {
    const { map = this.branch.map, ...rest } = more;
    return {
      input,
      variables: this.branch.variables,
      random: this.branch.execution.options.random,
      context: () => this.#context(map),
      ...rest,
    };
  }

  #context(map: JsonObject | undefined): JsonObject {
    if (this.#givenContext !== undefined) return this.#givenContext;
    return {
      ...this.branch.execution.context,
      State: {
        Name: this.state,
        EnteredTime: isoTime(this.#enteredMs),
        ...(this.retryCount === undefined ? {} : { RetryCount: this.retryCount }),
      },
      ...(map === undefined ? {} : { Map: map }),
      ...(this.taskToken === undefined ? {} : { Task: { Token: this.taskToken } }),
    };
  }
}

type VisitFacts = {
  readonly branch: Branch;
  readonly state: string;
  readonly input: Json;
  readonly enteredEventId: number;
  readonly inspection?: Inspection | undefined;
};

type Inspect = (step: string, value: Json) => void;

/** How TestState looks into a state, and keeps a Parallel or Map from doing its work. */
export type Inspection = {
  readonly note: Inspect;
  readonly substitute?: (() => Promise<Json>) | undefined;
  readonly retryCount?: number | undefined;
  readonly failedIterations?: number | undefined;
  readonly readerData?: string | undefined;
  /** The Context object, in place of the execution's own. */
  readonly context?: JsonObject | undefined;
};
