import { MetacoinError } from "../errors.ts";
import type { Clock } from "../rpc/backoff.ts";

/** Whether an account can pay for what is planned. All amounts are wei. */
export type Funding = {
  readonly balance: bigint;
  /** The worst case of the plan; undefined where there is no plan to reckon with. */
  readonly needed: bigint | undefined;
  readonly shortfall: bigint;
  /** Without a plan: whether there is anything at all. */
  readonly funded: boolean;
};

export function assessFunding(balance: bigint, needed: bigint | undefined): Funding {
  const shortfall = needed !== undefined && needed > balance ? needed - balance : 0n;
  return { balance, needed, shortfall, funded: needed === undefined ? balance > 0n : shortfall === 0n };
}

type WaitOptions = {
  readonly clock: Clock;
  /** Forever, by default. */
  readonly timeoutMs?: number | undefined;
  /** Between two looks; a block or less. */
  readonly intervalMs: number;
  readonly signal?: AbortSignal;
  readonly onLook?: (funding: Funding) => void;
};

/**
 * Looks again and again until the account is funded.
 *
 * @param look what the account has and needs now.
 * @throws {StillUnderfundedError} when the time is up.
 */
export async function waitForFunding(
  look: () => Promise<Funding>,
  { clock, timeoutMs, intervalMs, signal, onLook }: WaitOptions,
): Promise<Funding> {
  const started = clock.now();
  for (;;) {
    const funding = await look();
    onLook?.(funding);
    if (funding.funded) return funding;
    const leftMs = timeoutMs === undefined ? intervalMs : started + timeoutMs - clock.now();
    if (leftMs <= 0) throw new StillUnderfundedError(timeoutMs ?? 0);
    await clock.sleep(Math.min(intervalMs, leftMs), signal);
  }
}

/** Nobody paid in time. */
export class StillUnderfundedError extends MetacoinError {
  override readonly code = "STILL_UNDERFUNDED";

  constructor(timeoutMs: number) {
    super(`Still underfunded after ${String(timeoutMs / 1_000)} s`, {
      hint: "A longer --timeout waits longer; without one it waits for ever",
    });
  }
}
