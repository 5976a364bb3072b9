import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

import { expect } from "chai";

import { TaskFailure } from "../../../../src/etl/asl/types.ts";
import type { HandlerProgress } from "../../../../src/etl/handler.ts";
import type { Pipeline } from "../../../../src/etl/pipelines.ts";
import { type Handlers, openHandlers } from "../../../../src/etl/run/handlers.ts";
import { isAlive } from "../../../../src/etl/run/process.ts";

const source = new URL("../../../fixtures/etl/odd-handlers.ts", import.meta.url);
const spec = { source, timeoutSeconds: 5, memoryMb: 128 };

const odd: Pipeline = {
  name: "odd",
  description: "Handlers that a runner must cope with",
  definition: source,
  handlers: {
    odd: { ...spec, environment: [{ name: "OPEN" }, { name: "HIDDEN", secret: true }] },
    bare: { ...spec, environment: [] },
  },
};

describe("openHandlers", () => {
  let handlers: Handlers;
  let logs: string[];
  let progress: HandlerProgress[];

  beforeEach(() => {
    logs = [];
    progress = [];
    handlers = openHandlers(odd, { OPEN: "o", HIDDEN: "h", OTHER: "x", PATH: "/bin" }, "file:///tmp/odd/");
  });
  afterEach(async () => handlers.close());

  const call = async (what: string, { handler = "odd", signal = new AbortController().signal } = {}) =>
    handlers.run({
      handler,
      event: { do: what },
      signal,
      onLog: ({ stream, text }) => logs.push(`${stream} ${text}`),
      onProgress: (at) => progress.push(at),
    });

  const failure = async (run: Promise<unknown>): Promise<TaskFailure> => {
    const thrown = await run.catch((error: unknown) => error);
    if (thrown instanceof TaskFailure) return thrown;
    throw new Error("no failure");
  };

  it("shows a handler the variables it declares, and no others", async () => {
    const bare = (await call("environment", { handler: "bare" })) as { names: string[] };
    expect(bare.names.filter((name) => !name.startsWith("NODE_CHANNEL"))).to.deep.equal(["DATA_URL"]);
    const own = (await call("environment")) as { seen: Record<string, string>; names: string[] };
    expect(own.seen).to.include({ OPEN: "o", HIDDEN: "h" });
    expect(own.names).not.to.include("OTHER");
    expect(own.names).not.to.include("PATH");
  });

  it("kills a busy loop at the signal, and serves the next call", async () => {
    const timeout = new AbortController();
    // The loop is entered when the process has begun: a call before it in the same process says so.
    const pid = Number(await call("progress"));
    const loop = failure(call("loop", { signal: timeout.signal }));
    timeout.abort();
    expect((await loop).error).to.equal("Runtime.ExitError");
    expect(isAlive(pid)).to.equal(false);
    expect(await call("log")).to.equal("logged");
  });

  it("captures what a handler writes, line by line, before its result is used", async () => {
    expect(await call("log")).to.equal("logged");
    expect(logs).to.have.members(["stdout one", "stdout no line end", "stderr two"]);
    logs = [];
    await call("flood");
    expect(logs).to.have.length(5_000);
    expect(logs.at(-1)).to.equal("stdout line 4999");
  });

  it("keeps a bounded part of what a handler writes, a line without end in pieces", async () => {
    expect(await call("stream")).to.equal("streamed");
    expect(Math.max(...logs.map(({ length }) => length))).to.be.at.most(65_536 + "stdout ".length);
    expect(logs.join("").length).to.be.within(900_000, 1_100_000);
    expect(logs.at(-1)).to.equal("stdout … more than 1 MiB: the rest is not kept");
    expect(await call("log")).to.equal("logged");
  });

  it("kills what a handler started, too", async () => {
    const timeout = new AbortController();
    await call("progress");
    const spawned = failure(call("spawn", { signal: timeout.signal }));
    setTimeout(() => timeout.abort(), 500);
    expect((await spawned).error).to.equal("Runtime.ExitError");
  });

  it("starts another process where the idle one is gone", async () => {
    const pid = Number(await call("progress"));
    process.kill(pid, "SIGKILL");
    // Noticed, it is not asked; before that, its call would end as one that a crash took along.
    while (isAlive(pid)) await sleep(10);
    expect(await call("progress"))
      .to.be.a("number")
      .and.not.to.equal(pid);
  });

  it("keeps Ctrl-C of the terminal from its handlers: they are a group of their own", async () => {
    const pid = Number(await call("progress"));
    expect(process.kill(-pid, 0)).to.equal(true);
  });

  for (const [what, event] of [
    ["in a busy loop", "loop"],
    ["waiting for what it started", "spawn-and-wait"],
    ["in a busy loop beside what it started", "spawn"],
  ] as const)
    it(`leaves nothing behind where the runner of a handler is killed that is ${what}`, async () => {
      const program = fileURLToPath(new URL("../../../fixtures/etl/handlers-run.ts", import.meta.url));
      const runner = spawn(process.execPath, [program, event], { stdio: ["ignore", "pipe", "inherit"] });
      const [line] = await once(createInterface({ input: runner.stdout }), "line");
      // The handler's group: what it started is in it.
      const group = -Number(line);
      expect(isAlive(group)).to.equal(true);
      runner.kill("SIGKILL");
      for (let tries = 0; isAlive(group) && tries < 400; tries += 1) await sleep(100);
      expect(isAlive(group)).to.equal(false);
    });

  it("reports an exception as Lambda does", async () => {
    const { error, failureCause } = await failure(call("throw"));
    expect(error).to.equal("RangeError");
    expect(JSON.parse(failureCause ?? "")).to.deep.include({ errorType: "RangeError", errorMessage: "too far" });
  });

  it("reports a process that ended", async () => {
    expect((await failure(call("exit"))).failureCause).to.contain("exit status 3");
  });

  it("keeps a process for the next call, and hands on progress", async () => {
    expect(await call("progress")).to.equal(await call("progress"));
    expect(progress).to.deep.equal([
      { rows: 5, done: 1, total: 2 },
      { rows: 5, done: 1, total: 2 },
    ]);
  });

  it("gives null for nothing, as JSON does", async () => {
    expect(await call("nothing")).to.equal(null);
  });
});
