import { type ExecuteOptions, finish, readDeployer } from "./execute.ts";
import type { Outcome } from "./flight.ts";
import { resumeJournal } from "./journal.ts";
import { lockFolder } from "./lock.ts";
import { raiseFees, signRelease } from "./sign.ts";

/**
 * Gives up an unfinished run: its open nonces are released by transfers of nothing to oneself, which compete with the
 * signed transactions. Whichever of the two lands is recorded.
 *
 * @returns undefined where no run is unfinished.
 */
export async function cancel(
  options: ExecuteOptions,
): Promise<{ readonly released: number; readonly landed: number } | undefined> {
  const { registry, network, signerOf } = options;
  if (registry === undefined) return undefined;
  const lock = await lockFolder(registry.folder, network.name);
  try {
    const found = await resumeJournal(registry.folder);
    if (found === undefined) return undefined;
    const target = await readDeployer(options, new Map());
    const feeCeiling = options.maxFee ?? found.run.feeCeiling * 2n;
    const run = { ...found.run, feeCeiling };
    for (const [index, slot] of run.slots.entries()) {
      const former = slot.versions.at(-1);
      if (former === undefined || slot.step.nonce < target.nonce.latest) continue;
      const fees = raiseFees(former, target.market.baseFee, feeCeiling) ?? former;
      const release = await signRelease(slot.step, run.chainId, fees, signerOf(slot.step.from));
      await found.journal.appendSigned(index, release);
      slot.versions.push(release);
    }
    const outcomes = await finish(options, run, found.journal);
    const count = (kind: Outcome["kind"]) => outcomes.filter((outcome) => outcome.kind === kind).length;
    return { released: count("released"), landed: count("landed") };
  } finally {
    await lock.release();
  }
}
