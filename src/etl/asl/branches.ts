import type { Cancellation } from "./cancellation.ts";
import type { Branch, Visit } from "./execution.ts";
import { StatesError, StoppedError } from "./failure.ts";
import type { JsonObject } from "./types.ts";

/** A branch of the same execution that begins where its parent stands. */
export function forkBranch(
  { branch }: Visit,
  cancellation: Cancellation,
  { map = branch.map, onCut = () => undefined }: { readonly map?: JsonObject; readonly onCut?: () => void } = {},
): Branch {
  const { execution, lastEventId, variables, onCut: onOuterCut } = branch;
  const cut = () => {
    onOuterCut?.();
    onCut();
  };
  return { execution, lastEventId, variables, cancellation, map, onCut: cut };
}

/** Cuts the others short for a branch that failed; they follow its last event in the history. */
export function cutOthers({ cancellation, lastEventId }: Branch, failure: unknown): void {
  if (!(failure instanceof StatesError)) return;
  cancellation.cancel(failure.error === "States.Runtime" ? { isSilent: true } : { lastEventId });
}

/**
 * Runs numbered work, some of it side by side; the first failure stops the rest.
 *
 * @param limit how many run at once
 * @param run one piece of the work, to be stopped by the cancellation it is given
 */
export async function runSideBySide(
  parent: Cancellation,
  {
    count,
    limit,
    run,
  }: {
    readonly count: number;
    readonly limit: number;
    readonly run: (index: number, cancellation: Cancellation) => Promise<void>;
  },
): Promise<void> {
  const { cancellation, release } = parent.child();
  let next = 0;
  const failures: unknown[] = [];
  const worker = async () => {
    while (next < count && failures.length === 0 && !cancellation.cancelled) {
      const index = next;
      next += 1;
      try {
        await run(index, cancellation);
      } catch (error) {
        // What stopped the others comes first; that they stopped is no failure of its own.
        if (error instanceof StoppedError) failures.push(error);
        else failures.unshift(error);
        cancellation.cancel();
      }
    }
  };
  try {
    await Promise.all(Array.from({ length: Math.min(limit, count) }, worker));
  } finally {
    release();
  }
  parent.check();
  if (failures.length > 0) throw failures[0];
}
