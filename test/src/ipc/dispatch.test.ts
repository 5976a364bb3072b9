import { expect } from "chai";
import { z } from "zod";

import { createAnswer, method } from "../../../src/ipc/dispatch.ts";
import { failureOf, turn } from "../../helpers/ipc/conformance.ts";

const call = (name: string, params: readonly unknown[] = [], signal = new AbortController().signal) => ({
  method: name,
  params,
  peer: {},
  signal,
});

describe("createAnswer", () => {
  const gate = () => {
    const waiting: (() => void)[] = [];
    const service = new Map([
      [
        "wait",
        method({
          summary: "Waits",
          names: [],
          params: z.tuple([]),
          run: () =>
            new Promise<string>((resolve) => {
              waiting.push(() => resolve("done"));
            }),
        }),
      ],
      ["double", method({ summary: "Twice", names: ["n"], params: z.tuple([z.number()]), run: ([n]) => n * 2 })],
    ]);
    return { service, waiting };
  };

  it("answers a plain function in the same tick", () => {
    const { answer, counters } = createAnswer(gate().service);
    expect(answer(call("double", [21]))).to.equal(42);
    expect(counters).to.include({ received: 1, succeeded: 1, active: 0 });
  });

  it("runs so many at once, lets so many wait, and refuses the next", async () => {
    const { service, waiting } = gate();
    const { answer, counters } = createAnswer(service, { concurrency: 1, queue: 1 });
    const first = answer(call("wait"));
    const second = answer(call("wait"));
    expect(() => answer(call("wait")))
      .to.throw()
      .with.property("code", "OVERLOADED");
    expect(counters).to.include({ active: 1, waiting: 1, refused: 1 });
    waiting.shift()?.();
    expect(await first).to.equal("done");
    while (waiting.length === 0) await turn();
    waiting.shift()?.();
    expect(await second).to.equal("done");
    expect(counters).to.include({ active: 0, waiting: 0, succeeded: 2 });
  });

  it("ends what outlasts its deadline", async () => {
    const { answer, counters } = createAnswer(gate().service, { deadlineMs: 5 });
    expect(await failureOf(Promise.resolve(answer(call("wait"))))).to.include({ code: "DEADLINE" });
    expect(counters).to.include({ failed: 1, active: 0 });
  });

  it("tells a method that its deadline has passed, so that it stops", async () => {
    let reason: unknown;
    const work = method({
      summary: "Works until it is stopped",
      names: [],
      params: z.tuple([]),
      run: (_, { signal }) =>
        new Promise<string>((resolve) => {
          signal.addEventListener("abort", () => {
            ({ reason } = signal);
            resolve("stopped");
          });
        }),
    });
    const { answer } = createAnswer(new Map([["work", work]]), { deadlineMs: 5 });
    expect(await failureOf(Promise.resolve(answer(call("work"))))).to.include({ code: "DEADLINE" });
    expect(reason).to.include({ code: "DEADLINE" });
  });

  it("says what a method takes where the number of arguments is wrong", () => {
    const { answer } = createAnswer(gate().service);
    expect(() => answer(call("double", [1, 2]))).to.throw("Wrong arguments for double: it takes n");
    expect(() => answer(call("wait", [1]))).to.throw("Wrong arguments for wait: it takes nothing");
  });

  it("skips a call that was cancelled while it waited", async () => {
    const { service, waiting } = gate();
    const { answer, counters } = createAnswer(service, { concurrency: 1 });
    const controller = new AbortController();
    const first = answer(call("wait"));
    const second = failureOf(Promise.resolve(answer(call("wait", [], controller.signal))));
    controller.abort();
    waiting.shift()?.();
    await first;
    expect(await second).to.include({ code: "CANCELLED" });
    expect(counters).to.include({ active: 0, waiting: 0, cancelled: 1 });
    expect(answer(call("double", [1]))).to.equal(2);
  });
});
