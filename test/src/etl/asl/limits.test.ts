import { expect } from "chai";

import { execute } from "../../../../src/etl/asl/execute.ts";
import type { TaskContext } from "../../../../src/etl/asl/types.ts";
import { VirtualClock } from "../../../../src/etl/asl/virtual-clock.ts";
import { lambda, machineOf, run, runState } from "../../../helpers/etl/asl.ts";

const task = { Type: "Task", Resource: lambda };
const forever = async () => new Promise<never>(() => undefined);

describe("the time limits of a Task", () => {
  it("end work that takes longer than TimeoutSeconds, and tell it so", async () => {
    let signal: AbortSignal | undefined;
    const { result, ms, events } = await runState(
      { ...task, TimeoutSeconds: 10 },
      {
        handlers: {
          async S(_input, _call, context) {
            ({ signal } = context);
            return forever();
          },
        },
      },
    );
    expect(result).to.deep.equal({ status: "FAILED", error: "States.Timeout" });
    expect(ms).to.equal(10_000);
    expect(signal?.aborted).to.equal(true);
    expect(events.map(({ type }) => type)).to.include("LambdaFunctionTimedOut");
  });

  it("begin anew with each try", async () => {
    const { result, ms } = await runState(
      {
        ...task,
        TimeoutSeconds: 10,
        Retry: [{ ErrorEquals: ["States.Timeout"], MaxAttempts: 2, IntervalSeconds: 1, BackoffRate: 1 }],
      },
      { handlers: { S: forever } },
    );
    expect(result).to.include({ error: "States.Timeout" });
    expect(ms).to.equal(10_000 + 1_000 + 10_000 + 1_000 + 10_000);
  });

  it("leave work alone that is done in time", async () => {
    const clock = new VirtualClock();
    const { result, ms } = await runState(
      { ...task, TimeoutSeconds: 10 },
      {
        clock,
        handlers: {
          async S(_input, _call, { signal }) {
            await clock.sleep(9_999, signal);
            return "done";
          },
        },
      },
    );
    expect(result).to.deep.equal({ status: "SUCCEEDED", output: "done" });
    expect(ms).to.equal(9_999);
  });

  it("end work that misses a heartbeat, which both names match", async () => {
    for (const name of ["States.HeartbeatTimeout", "States.Timeout"]) {
      const { result, ms } = await run(
        {
          StartAt: "S",
          States: {
            S: {
              ...task,
              TimeoutSeconds: 60,
              HeartbeatSeconds: 5,
              Catch: [{ ErrorEquals: [name], Next: "C" }],
              End: true,
            },
            C: { Type: "Pass", End: true },
          },
        },
        { handlers: { S: forever } },
      );
      expect(result).to.deep.equal({ status: "SUCCEEDED", output: { Error: "States.Timeout", Cause: "" } });
      expect(ms).to.equal(5_000);
    }
  });

  it("wait on while heartbeats come, up to TimeoutSeconds", async () => {
    const clock = new VirtualClock();
    const beat = async ({ heartbeat, signal }: TaskContext) => {
      while (!signal.aborted) {
        heartbeat();
        await clock.sleep(4_000, signal);
      }
    };
    const { result, ms } = await runState(
      { ...task, TimeoutSeconds: 60, HeartbeatSeconds: 5 },
      { clock, handlers: { S: async (_input, _call, context) => beat(context).then(forever) } },
    );
    expect(result).to.include({ error: "States.Timeout" });
    expect(ms).to.equal(60_000);
  });
});

describe("the limits of an execution", () => {
  const waiting = { StartAt: "W", States: { W: { Type: "Wait", Seconds: 3_600, End: true } } };

  it("end it after TimeoutSeconds of the machine", async () => {
    const { result, ms, events } = await run({ ...waiting, TimeoutSeconds: 60 });
    expect(result).to.deep.equal({ status: "TIMED_OUT", error: "States.Timeout" });
    expect(ms).to.equal(60_000);
    expect(events.at(-1)?.type).to.equal("ExecutionTimedOut");
  });

  it("end it when it is stopped, while it waits, works or retries", async () => {
    for (const [definition, handlers] of [
      [waiting, {}],
      [{ StartAt: "S", States: { S: { ...task, End: true } } }, { S: forever }],
      [
        {
          StartAt: "S",
          States: { S: { ...task, Retry: [{ ErrorEquals: ["States.ALL"], IntervalSeconds: 60 }], End: true } },
        },
        { S: async () => Promise.reject(new Error("no")) },
      ],
    ] as const) {
      const abort = new AbortController();
      setImmediate(() => abort.abort());
      const { result, events } = await run(definition, { handlers, signal: abort.signal, clock: new Stopped() });
      expect(result).to.deep.equal({ status: "ABORTED" });
      expect(events.at(-1)?.type).to.equal("ExecutionAborted");
    }
  });

  it("do not begin it where it is stopped before", async () => {
    const { result, calls } = await runState(task, { signal: AbortSignal.abort() });
    expect(result).to.deep.equal({ status: "ABORTED" });
    expect(calls).to.have.length(0);
  });

  it("refuse an input that is larger than AWS allows", async () => {
    const { result } = await runState({ Type: "Pass" }, { input: "x".repeat(262_143) });
    expect(result).to.include({ status: "FAILED", error: "States.DataLimitExceeded" });
    expect((await runState({ Type: "Pass" }, { input: "x".repeat(262_142) })).result.status).to.equal("SUCCEEDED");
  });

  it("fail a state whose output grows beyond it", async () => {
    const half = "x".repeat(140_000);
    const { result } = await runState({ Type: "Pass", Parameters: { "a.$": "$", "b.$": "$" } }, { input: half });
    expect(result).to.include({ status: "FAILED", error: "States.DataLimitExceeded" });
  });

  it("fail a Task whose Parameters make more of its input than AWS allows", async () => {
    const half = "x".repeat(140_000);
    const { result, calls } = await runState({ ...task, Parameters: { "a.$": "$", "b.$": "$" } }, { input: half });
    expect(result).to.include({ status: "FAILED", error: "States.DataLimitExceeded" });
    expect(calls).to.have.length(0);
  });

  it("fail a state that assigns more at once than AWS allows", async () => {
    const half = "x".repeat(140_000);
    const state = { Type: "Pass", Assign: { "a.$": "$", "b.$": "$" } };
    expect((await runState(state, { input: half })).result).to.include({ error: "States.DataLimitExceeded" });
    expect((await runState({ ...state, Assign: { "a.$": "$" } }, { input: half })).result.status).to.equal("SUCCEEDED");
  });

  it("let a loop without waits be stopped", async () => {
    const abort = new AbortController();
    setImmediate(() => abort.abort());
    const loop = {
      StartAt: "A",
      States: {
        A: { Type: "Pass", Next: "B" },
        B: { Type: "Choice", Choices: [{ Variable: "$.end", IsPresent: true, Next: "C" }], Default: "A" },
        C: { Type: "Succeed" },
      },
    };
    const result = await execute(machineOf(loop), {
      input: {},
      invoke: forever,
      clock: new VirtualClock(),
      random: Math.random,
      signal: abort.signal,
    });
    expect(result).to.deep.equal({ status: "ABORTED" });
  });
});

/** A clock on which no time passes. */
class Stopped extends VirtualClock {
  override readonly sleep = async (_ms: number, signal?: AbortSignal): Promise<void> =>
    new Promise((resolve) => signal?.addEventListener("abort", () => resolve()));
}

describe("a wait that no timer can hold", () => {
  it("takes as long as it says, in several timers", async () => {
    const days = 60;
    const clock = new Longest();
    const { ms, result } = await run(
      {
        StartAt: "W",
        TimeoutSeconds: 99_999_999,
        States: {
          W: { Type: "Wait", Seconds: days * 86_400, Next: "T" },
          T: { ...task, TimeoutSeconds: 99_999_999, End: true },
        },
      },
      { clock, handlers: { T: async () => clock.sleep(1) } },
    );
    expect(result.status).to.equal("SUCCEEDED");
    expect(ms).to.equal(days * 86_400_000 + 1);
  });
});

/** A clock that wakes at once where it is asked for more than a timer holds, as Node does. */
class Longest extends VirtualClock {
  constructor() {
    super();
    const { sleep } = this;
    Object.assign(this, {
      sleep: async (ms: number, signal?: AbortSignal) => sleep(ms > 2_147_483_647 ? 1 : ms, signal),
    });
  }
}
