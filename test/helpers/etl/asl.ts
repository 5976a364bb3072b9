import { execute } from "../../../src/etl/asl/execute.ts";
import { seeded } from "../../../src/etl/asl/intrinsics/functions.ts";
import { parseMachine, type Machine } from "../../../src/etl/asl/parse.ts";
import type {
  ExecuteOptions,
  ExecutionResult,
  HistoryEvent,
  Json,
  TaskCall,
  TaskContext,
} from "../../../src/etl/asl/types.ts";
import { VirtualClock } from "../../../src/etl/asl/virtual-clock.ts";

/** What does the work of a Task state in a test. */
type Handler = (input: Json, call: TaskCall, context: TaskContext) => unknown;

type RunOptions = Partial<Omit<ExecuteOptions, "invoke" | "clock" | "onEvent">> & {
  /** By the name of the state; a state without one gets its input back. */
  readonly handlers?: Readonly<Record<string, Handler>>;
  readonly clock?: VirtualClock;
};

type Run = {
  readonly result: ExecutionResult;
  readonly events: HistoryEvent[];
  readonly calls: TaskCall[];
  /** How long the clock ran. */
  readonly ms: number;
};

/** A machine of a definition that must be right. */
export function machineOf(definition: object): Machine {
  const parsed = parseMachine(definition);
  if ("machine" in parsed) return parsed.machine;
  throw new Error(JSON.stringify(parsed.diagnostics));
}

/** Runs a definition on a virtual clock. */
export async function run(
  definition: object,
  { handlers = {}, clock = new VirtualClock(), ...options }: RunOptions = {},
): Promise<Run> {
  const events: HistoryEvent[] = [];
  const calls: TaskCall[] = [];
  const startMs = clock.now();
  const result = await execute(machineOf(definition), {
    input: {},
    random: seeded(1),
    ...options,
    clock,
    onEvent: (event) => events.push(event),
    async invoke(call, context) {
      calls.push(call);
      const handler = handlers[call.stateName];
      return handler === undefined ? call.input : handler(call.input, call, context);
    },
  });
  return { result, events, calls, ms: clock.now() - startMs };
}

/** The same for a single state named "S". */
export async function runState(state: object, options: RunOptions = {}): Promise<Run> {
  const ends = "Type" in state && typeof state.Type === "string" && ["Choice", "Succeed", "Fail"].includes(state.Type);
  return run({ StartAt: "S", States: { S: ends ? state : { End: true, ...state } } }, options);
}

/** The output of a run that must succeed. */
export function outputOf({ result }: Run): Json {
  if (result.status === "SUCCEEDED") return result.output;
  throw new Error(JSON.stringify(result));
}

export const lambda = "arn:aws:lambda:us-east-1:000000000000:function:work";
