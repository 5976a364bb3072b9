import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";

import { MetacoinError, messageOf } from "../src/errors.ts";
import { createProgress, type Progress } from "./progress.ts";

/** What every action is handed beside its arguments. */
export type ActionContext = {
  readonly hre: HardhatRuntimeEnvironment;
  readonly progress: Progress;
  /** Aborted by the first Ctrl-C; a second one ends the process at once. */
  readonly signal: AbortSignal;
};

type Action<Args, Result> = {
  /** Does the work; prints nothing. */
  readonly run: (args: Args, context: ActionContext) => Promise<Result>;
  /** The result as a person reads it; pure. */
  readonly render: (result: Result, args: Args) => string;
  /** The result as `--json` shows it; the result itself by default. */
  readonly document?: (result: Result) => unknown;
  /** 1 where the command worked but the answer is "no", for scripts. */
  readonly exitCode?: (result: Result) => 0 | 1;
};

/**
 * Turns run + render into a Hardhat action that keeps the output contract:
 * stdout is the result alone (text, or with `--json` one document), errors go to stderr
 * as message and hint, and the exit code is 0 done, 1 refused or failed, 2 bad usage.
 */
export function action<Args extends object, Result>({
  run,
  render,
  document = (result) => result,
  exitCode = () => 0,
}: Action<Args, Result>): (args: Args, hre: HardhatRuntimeEnvironment) => Promise<void> {
  return async (args, hre) => {
    const json = "json" in args && args.json === true;
    const progress = createProgress(process.stderr);
    const interruption = new AbortController();
    const interrupt = () => {
      if (interruption.signal.aborted) process.exit(130);
      interruption.abort(new InterruptedError("Interrupted"));
    };
    process.on("SIGINT", interrupt).on("SIGTERM", interrupt);
    try {
      const result = await run(args, { hre, progress, signal: interruption.signal });
      progress.live("");
      const text = json ? toJson(document(result)) : render(result, args);
      if (text !== "") await write(process.stdout, `${text}\n`);
      process.exitCode = exitCode(result);
    } catch (thrown) {
      progress.live("");
      const error = systemErrorIn(thrown) ?? thrown;
      // Hardhat renders its own errors well; ours never ask to report a bug in Hardhat.
      if (!(error instanceof MetacoinError)) throw error;
      if (json) await write(process.stdout, `${toJson({ error: describeError(error) })}\n`);
      await write(process.stderr, `${renderError(error)}\n`);
      process.exitCode = error.exitCode;
    } finally {
      process.off("SIGINT", interrupt).off("SIGTERM", interrupt);
    }
  };
}

/** A disk that is full, a folder that is none, a port that is taken: what the system says is no bug either. */
function systemErrorIn(error: unknown): MetacoinError | undefined {
  const isSystem = error instanceof Error && "errno" in error && "syscall" in error;
  return isSystem ? new SystemError(error.message, { cause: error }) : undefined;
}

class SystemError extends MetacoinError {
  override readonly code = "SYSTEM";
}

/** One JSON document; a bigint becomes a decimal string. */
export function toJson(value: unknown): string {
  return JSON.stringify(value, (_, item: unknown) => (typeof item === "bigint" ? item.toString() : item), 2);
}

/** The message, then the command that helps. */
export function renderError(error: MetacoinError): string {
  return [
    `Error: ${error.message}`,
    ...(error.hint === undefined ? [] : [`  ${error.hint.replaceAll("\n", "\n  ")}`]),
  ].join("\n");
}

function describeError({ code, message, hint, cause }: MetacoinError) {
  return { code, message, hint, cause: cause === undefined ? undefined : messageOf(cause) };
}

/** Resolves when the bytes have left: an exit right after would lose the tail of a pipe. */
async function write(stream: NodeJS.WriteStream, text: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    stream.write(text, (error) => (error ? reject(error) : resolve()));
  });
}

export class InterruptedError extends MetacoinError {
  override readonly code = "INTERRUPTED";
}
