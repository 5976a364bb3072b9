import { type BroadcastOptions, type Flight, isOpen, type Outcome, takeOff } from "./flight.ts";
import { replaceStuck } from "./replace.ts";
import type { Run } from "./run.ts";
import { checkFunds, sendDue } from "./send.ts";
import { isFinal, look, noticeDropped } from "./watch.ts";

const shortestPauseMs = 20;
const longestPauseMs = 500;
/** Without a new block for so long, the endpoint is asked whether it still has what was sent. */
const quietMs = 10_000;

/**
 * Brings every slot of a run to its end: sends the signed bytes, watches, sends again what was dropped, replaces what is
 * stuck, and returns when each nonce is used in a canonical block with its confirmations.
 *
 * Safe to call again with the same run after a crash at any instant: a signed transaction owns its nonce.
 *
 * @returns an outcome for each slot, in order.
 * @throws {OutOfFundsError} where the sender cannot pay for the rest.
 * @throws the reason of `signal` when it is aborted; nothing is lost by it.
 */
export async function broadcast(run: Run, options: BroadcastOptions): Promise<readonly Outcome[]> {
  const flight = takeOff(run, options);
  const { clock, signal } = options;
  let pauseMs = shortestPauseMs;
  let lastBlockMs = clock.now();
  for (;;) {
    signal?.throwIfAborted();
    const before = progressOf(flight);
    await sendDue(flight);
    const isNew = await look(flight);
    if (await isFinal(flight)) return flight.flyers.flatMap(({ outcome }) => outcome ?? []);
    await checkFunds(flight);
    if (isNew || clock.now() - lastBlockMs > quietMs) {
      lastBlockMs = clock.now();
      await noticeDropped(flight);
      await replaceStuck(flight);
    }
    pauseMs = progressOf(flight) === before ? Math.min(longestPauseMs, pauseMs * 1.6) : shortestPauseMs;
    await clock.sleep(pauseMs, signal);
  }
}

/** Changes whenever something moved, so that the next look comes soon. */
function progressOf({ flyers }: Flight): string {
  const open = flyers.filter(isOpen).length;
  const sent = flyers.filter((flyer) => flyer.sent).length;
  return `${String(open)} ${String(sent)}`;
}
