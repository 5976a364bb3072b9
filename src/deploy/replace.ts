import { currentFlyers, type Flight, type Flyer, newest, report } from "./flight.ts";
import { raiseFees, signRelease, signStep } from "./sign.ts";

/** A base fee above the cap for so many blocks is no spike that passes. */
const spikeBlocks = 2;
const stuckBlocks = 5;

/**
 * Signs replacements for what is stuck, lowest nonce first: the same nonce, both fees raised, up to the ceiling.
 * A replacement is in the journal before it can be sent; of the two versions one lands and never both.
 */
export async function replaceStuck(flight: Flight): Promise<void> {
  const [lowest] = currentFlyers(flight);
  for (const flyer of currentFlyers(flight)) {
    noticeBaseFee(flight, flyer);
    if (isStuck(flight, flyer, flyer === lowest)) await replace(flight, flyer);
  }
}

function noticeBaseFee({ head }: Flight, flyer: Flyer): void {
  const over = (head?.baseFeePerGas ?? 0n) > newest(flyer).maxFeePerGas;
  flyer.overCapSince = over ? (flyer.overCapSince ?? head?.number) : undefined;
}

function isStuck({ head, options }: Flight, flyer: Flyer, isLowest: boolean): boolean {
  if (head === undefined) return false;
  if (flyer.refusedFees) return true;
  if (flyer.overCapSince !== undefined && head.number - flyer.overCapSince + 1 >= spikeBlocks) return true;
  const waited = flyer.sentAtBlock === undefined ? 0 : head.number - flyer.sentAtBlock;
  return isLowest && flyer.sent && waited >= (options.stuckAfterBlocks ?? stuckBlocks);
}

async function replace(flight: Flight, flyer: Flyer): Promise<void> {
  const { run, options, head } = flight;
  const { step } = flyer.slot;
  const former = newest(flyer);
  const baseFeePerGas = head?.baseFeePerGas ?? 0n;
  const fees = raiseFees(former, baseFeePerGas, run.feeCeiling);
  if (fees === undefined) {
    // With the next block the base fee may be low enough for what is signed.
    flyer.refusedFees = false;
    report(flight, { type: "ceiling", label: step.label, baseFeePerGas, feeCeiling: run.feeCeiling });
    return;
  }
  const signOne = former.cancels ? signRelease : signStep;
  const signed = await signOne(step, run.chainId, fees, options.signerOf(step.from));
  await options.journal.appendSigned(flyer.index, signed);
  flyer.slot.versions.push(signed);
  flyer.sent = false;
  flyer.refusedFees = false;
  flyer.sentAtBlock = undefined;
  report(flight, {
    type: "replaced",
    label: step.label,
    nonce: step.nonce,
    hash: signed.hash,
    maxFeePerGas: signed.maxFeePerGas,
  });
}
