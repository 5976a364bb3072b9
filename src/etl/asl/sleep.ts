import type { Branch } from "./execution.ts";
import { StoppedError } from "./failure.ts";

/**
 * Lets the clock pass.
 *
 * @throws {StoppedError} when the branch is stopped meanwhile
 */
export async function sleep({ execution, cancellation }: Branch, ms: number): Promise<void> {
  try {
    await execution.options.clock.sleep(ms, cancellation.signal);
  } catch (error) {
    if (!cancellation.cancelled) throw error;
    throw new StoppedError("stopped", { cause: error });
  }
  cancellation.check();
}
