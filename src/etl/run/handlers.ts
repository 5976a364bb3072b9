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
      // The last one is the pipe of `runnerPipe`: nothing is written to it.
      stdio: ["ignore", "pipe", "pipe", "ipc", "pipe"],
      // A group of its own: Ctrl-C in a terminal reaches the runner alone, which decides what it means for a handler.
      detached: process.platform !== "win32",
    });
    all.add(child);
    child.once("exit", () => all.delete(child));
    // What went wrong with the process is told where its call is served; between two calls it concerns nobody.
    child.on("error", () => undefined);
    return { child, allowed: names.join() };
  };
  const take = (handler: string): Warm => {
    const names = findHandler(pipeline, handler).environment.map(({ name }) => name);
    const at = idle.findIndex(({ child, allowed }) => allowed === names.join() && isThere(child));
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

function isThere(child: ChildProcess): boolean {
  return child.connected && child.exitCode === null && child.signalCode === null;
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
    const { data: report } = reportSchema.safeParse(message);
    if (report?.id !== id) return;
    if ("progress" in report) onProgress(report.progress);
    else if ("error" in report) {
      const { errorType } = report.error;
      const cause = JSON.stringify(report.error);
      answered.resolve({ isAlive: true, error: new TaskFailure({ error: errorType, cause }) });
    } else answered.resolve({ isAlive: true, result: report.result });
  };
  const stop = () => killGroup(child);
  const lose = (what: string) => {
    const cause = JSON.stringify({ errorType: "Runtime.ExitError", errorMessage: `Runtime exited with ${what}` });
    answered.resolve({ isAlive: false, error: new TaskFailure({ error: "Runtime.ExitError", cause }) });
  };
  const die = (code: number | null, killedBy: string | null) =>
    lose(killedBy === null ? `exit status ${String(code)}` : `signal: ${killedBy}`);
  const fail = (error: Error) => lose(`error: ${error.message}`);
  child.on("message", take).once("exit", die).once("error", fail);
  signal.addEventListener("abort", stop, { once: true });
  if (signal.aborted) stop();
  try {
    const keep = boundLogs(onLog);
    const logs = [
      readLogs(child.stdout, id, (text) => keep({ stream: "stdout", text })),
      readLogs(child.stderr, id, (text) => keep({ stream: "stderr", text })),
    ];
    if (child.connected) child.send({ id, source: source.href, event }, (error) => error && fail(error));
    const outcome = await answered.promise;
    if (!outcome.isAlive) stop();
    await Promise.all(logs);
    return outcome;
  } finally {
    signal.removeEventListener("abort", stop);
    child.off("message", take).off("exit", die).off("error", fail);
  }
}

/** So much text of one call is kept; a handler that prints without end fills no disk. */
const mostLogs = 1_048_576;

function boundLogs(onLog: HandlerRun["onLog"]): HandlerRun["onLog"] {
  let length = 0;
  return (line) => {
    if (length > mostLogs) return;
    length += line.text.length + 1;
    onLog(length > mostLogs ? { ...line, text: "… more than 1 MiB: the rest is not kept" } : line);
  };
}

/** A line above this is kept in pieces. */
const longestLine = 65_536;

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
    // The mark may be on its way: as much as there can be of it stays.
    while (rest.length > longestLine + mark.length) {
      onLine(rest.slice(0, longestLine));
      rest = rest.slice(longestLine);
    }
  };
  const end = () => done.resolve();
  stream.setEncoding("utf8").on("data", take).once("close", end);
  await done.promise;
  stream.off("data", take).off("close", end);
  if (rest !== "") onLine(rest);
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, "exit");
  killGroup(child);
  await gone;
}

/** A handler and whatever it started. */
function killGroup(child: ChildProcess): void {
  try {
    if (process.platform !== "win32" && child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
  } catch {
    // No such group: it ended by itself.
  }
  child.kill("SIGKILL");
}
