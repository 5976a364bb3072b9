import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";

import { TaskFailure } from "../asl/types.ts";
import type { HandlerProgress } from "../handler.ts";
import { findHandler, type Pipeline } from "../pipelines.ts";

import { endOfLogs, reportSchema } from "./wire.ts";

/** A line that a handler wrote. */
type LogLine = { readonly stream: "stdout" | "stderr"; readonly text: string };

type HandlerRun = {
  readonly handler: string;
  readonly event: unknown;
  /** Aborted at the timeout: the process is killed, whatever it is doing. */
  readonly signal: AbortSignal;
  readonly onLog: (line: LogLine) => void;
  readonly onProgress: (progress: HandlerProgress) => void;
};

/**
 * The processes of a pipeline's handlers. As on Lambda, one serves one call at a time and is kept for the next;
 * handlers that may read the same variables share it.
 */
export type Handlers = {
  /** @throws {TaskFailure} what the handler threw, as Lambda reports it. */
  readonly run: (run: HandlerRun) => Promise<unknown>;
  readonly close: () => Promise<void>;
};

type Warm = { readonly child: ChildProcess; readonly allowed: string };

/** V8 lets its heap grow where the machine has plenty; what a handler holds at once is bounded. */
export const heapLimits = ["--max-old-space-size=128", "--max-semi-space-size=8"] as const;

const program = fileURLToPath(new URL("./handler-process.ts", import.meta.url));

/**
 * @param variables what the allow-lists choose from.
 * @param dataUrl the store of the handlers.
 */
export function openHandlers(
  pipeline: Pipeline,
  variables: Readonly<Record<string, string | undefined>>,
  dataUrl: string,
): Handlers {
  const idle: Warm[] = [];
  const all = new Set<ChildProcess>();
  let calls = 0;

  const start = (names: readonly string[]): Warm => {
    const child = fork(program, [], {
      env: { DATA_URL: dataUrl, ...pick(names, variables) },
      execArgv: [...heapLimits],
      stdio: ["ignore", "pipe", "pipe", "ipc"],
    });
    all.add(child);
    child.once("exit", () => all.delete(child));
    return { child, allowed: names.join() };
  };
  const take = (handler: string): Warm => {
    const names = findHandler(pipeline, handler).environment.map(({ name }) => name);
    const at = idle.findIndex(({ child, allowed }) => allowed === names.join() && child.connected);
    return (at === -1 ? undefined : idle.splice(at, 1)[0]) ?? start(names);
  };

  return {
    async run(run) {
      const warm = take(run.handler);
      calls += 1;
      const outcome = await serve(warm.child, findHandler(pipeline, run.handler).source, calls, run);
      if (outcome.isAlive) idle.push(warm);
      if ("error" in outcome) throw outcome.error;
      return outcome.result;
    },
    async close() {
      await Promise.all([...all].map(kill));
    },
  };
}

function pick(names: readonly string[], variables: Readonly<Record<string, string | undefined>>) {
  const given = names.flatMap((name) => {
    const value = variables[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return Object.fromEntries(given);
}

type Outcome = { readonly isAlive: boolean } & ({ readonly result: unknown } | { readonly error: TaskFailure });

async function serve(child: ChildProcess, source: URL, id: number, run: HandlerRun): Promise<Outcome> {
  const { event, signal, onLog, onProgress } = run;
  const answered = Promise.withResolvers<Outcome>();
  const take = (message: unknown) => {
    const report = reportSchema.parse(message);
    if (report.id !== id) return;
    if ("progress" in report) onProgress(report.progress);
    else if ("error" in report) {
      const { errorType } = report.error;
      const cause = JSON.stringify(report.error);
      answered.resolve({ isAlive: true, error: new TaskFailure({ error: errorType, cause }) });
    } else answered.resolve({ isAlive: true, result: report.result });
  };
  const stop = () => child.kill("SIGKILL");
  const die = (code: number | null, killedBy: string | null) => {
    const what = killedBy === null ? `exit status ${String(code)}` : `signal: ${killedBy}`;
    const cause = JSON.stringify({ errorType: "Runtime.ExitError", errorMessage: `Runtime exited with ${what}` });
    answered.resolve({ isAlive: false, error: new TaskFailure({ error: "Runtime.ExitError", cause }) });
  };
  child.on("message", take).once("exit", die);
  signal.addEventListener("abort", stop, { once: true });
  if (signal.aborted) stop();
  try {
    const logs = [
      readLogs(child.stdout, id, (text) => onLog({ stream: "stdout", text })),
      readLogs(child.stderr, id, (text) => onLog({ stream: "stderr", text })),
    ];
    if (child.connected) child.send({ id, source: source.href, event });
    const outcome = await answered.promise;
    await Promise.all(logs);
    return outcome;
  } finally {
    signal.removeEventListener("abort", stop);
    child.off("message", take).off("exit", die);
  }
}

/** Hands on whole lines until the mark that ends this call, or the end of the stream. */
async function readLogs(stream: Readable | null, id: number, onLine: (text: string) => void): Promise<void> {
  if (stream === null) return;
  const done = Promise.withResolvers<void>();
  const mark = endOfLogs(id);
  let rest = "";
  const take = (chunk: string) => {
    rest = `${rest}${chunk}`;
    const lines = rest.split(/(?<=\n)/u);
    rest = lines.at(-1)?.endsWith("\n") === false ? (lines.pop() ?? "") : "";
    for (const line of lines) {
      if (!line.endsWith(mark)) onLine(line.trimEnd());
      else {
        // A handler's last line may lack its line end.
        if (line !== mark) onLine(line.slice(0, -mark.length));
        done.resolve();
      }
    }
  };
  const end = () => done.resolve();
  stream.setEncoding("utf8").on("data", take).once("close", end);
  await done.promise;
  stream.off("data", take).off("close", end);
  if (rest !== "") onLine(rest);
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, "exit");
  child.kill("SIGKILL");
  await gone;
}
