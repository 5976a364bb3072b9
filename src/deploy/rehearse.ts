import { MetacoinError } from "../errors.ts";
import { type ContextSetting, createContext } from "./context.ts";
import type { LoadedScript } from "./script.ts";
import { createStage, type Stage, type StageSetting } from "./stage.ts";
import type { Plan } from "./step.ts";

export type Rehearsal = StageSetting &
  ContextSetting & {
    readonly scripts: readonly LoadedScript[];
    /** Told, with the reason, when the rehearsal has to start over on a fork. */
    readonly onFork?: (reason: string) => void;
  };

/**
 * Runs the deployment scripts on a chain in this process that stands in for the target and captures each transaction.
 *
 * The chain is opened when the first transaction or read needs it, so a run with nothing to do costs nothing. It starts
 * empty and is a fork of the target only where a script touches state that was there before.
 *
 * @throws {RehearsalRevertError} where a step reverts, with the decoded reason.
 */
export async function rehearse(rehearsal: Rehearsal): Promise<Plan> {
  const fresh = createStage(rehearsal, { fork: false });
  try {
    return await playAll(rehearsal, fresh);
  } catch (error) {
    const reason = fresh.needsFork();
    if (reason === undefined) throw error;
    rehearsal.onFork?.(reason);
  } finally {
    await fresh.close();
  }
  const forked = createStage(rehearsal, { fork: true });
  try {
    return await playAll(rehearsal, forked);
  } finally {
    await forked.close();
  }
}

async function playAll(rehearsal: Rehearsal, stage: Stage): Promise<Plan> {
  const { context, plan } = createContext(rehearsal, stage);
  for (const script of rehearsal.scripts) {
    try {
      await script.run(context);
    } catch (error) {
      if (error instanceof MetacoinError || stage.needsFork() !== undefined) throw error;
      throw new ScriptFailedError(script.file, error);
    }
    // A script that caught the refusal of a fresh chain must still be played again on a fork.
    const reason = stage.needsFork();
    if (reason !== undefined) throw new ScriptFailedError(script.file, reason);
  }
  return plan();
}

/** A deployment script threw. */
class ScriptFailedError extends MetacoinError {
  override readonly code = "SCRIPT_FAILED";

  constructor(file: string, cause: unknown) {
    const reason = cause instanceof Error ? (cause.stack ?? cause.message) : String(cause);
    super(`${file} failed in the rehearsal: ${reason}`, { hint: "Nothing was sent.", cause });
  }
}
