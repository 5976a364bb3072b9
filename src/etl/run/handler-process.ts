// The process that handlers run in: one call at a time, an environment of the variables that the handler declares.
import { Worker } from "node:worker_threads";

import * as z from "zod";

import { createContext } from "../context.ts";
import type { Handler } from "../handler.ts";

import { callSchema, endOfLogs, type HandlerCall, type HandlerReport, runnerPipe } from "./wire.ts";

process.on("message", (message) => {
  void answer(callSchema.parse(message));
});
// A runner that was killed leaves no handlers behind, nor what they started.
if (process.platform === "win32") process.on("disconnect", () => process.exit(0));
else {
  process.on("disconnect", () => process.kill(-process.pid, "SIGKILL"));
  new Worker(new URL("./watchdog.ts", import.meta.url), { workerData: runnerPipe, execArgv: [] }).unref();
}

async function answer({ id, source, event }: HandlerCall): Promise<void> {
  // oxlint-disable-next-line node/no-process-env -- this process's environment is the allow-list its runner gave it
  const context = createContext(process.env, (progress) => report({ id, progress }));
  const outcome = await run(source, event, context).then(
    (result): HandlerReport => ({ id, result: result ?? null }),
    (error: unknown): HandlerReport => ({ id, error: describe(error) }),
  );
  await Promise.all([end(process.stdout, id), end(process.stderr, id)]);
  report(outcome);
}

const moduleSchema = z.object({ handler: z.custom<Handler>((value) => typeof value === "function") });

async function run(source: string, event: unknown, context: ReturnType<typeof createContext>): Promise<unknown> {
  const { handler } = moduleSchema.parse({ ...(await import(source)) });
  return handler(event, context);
}

/** As Lambda's Node.js runtime words it. */
function describe(thrown: unknown) {
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  return { errorType: error.name, errorMessage: error.message, trace: (error.stack ?? "").split("\n") };
}

function report(message: HandlerReport): void {
  process.send?.(message);
}

async function end(stream: NodeJS.WriteStream, id: number): Promise<void> {
  await new Promise<void>((resolve) => {
    stream.write(endOfLogs(id), () => resolve());
  });
}
