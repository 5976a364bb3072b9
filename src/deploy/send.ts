import { MetacoinError } from "../errors.ts";
import { readQuantity } from "../rpc/quantity.ts";
import { understandRefusal } from "../rpc/refusals.ts";
import type { Answer } from "../rpc/rpc.ts";
import { currentFlyers, type Flight, type Flyer, newest, report } from "./flight.ts";

/** Larger requests are refused by some endpoints. */
const longestBatchBytes = 1_000_000;

/**
 * Sends the newest version of every slot that no endpoint is believed to have, in the order of nonces, in one batch.
 * Sending bytes again is always safe, so every refusal is an answer to be understood and none is the end.
 */
export async function sendDue(flight: Flight): Promise<void> {
  const current = currentFlyers(flight);
  // The lowest nonces come first: one that a reorganisation took back must not wait for those behind it.
  const due = current.slice(0, flight.window).filter(({ sent, refusedFees }) => !sent && !refusedFees);
  flight.shortOfFunds = undefined;
  for (const batch of inBatches(due)) {
    const calls = batch.map((flyer) => ({ method: "eth_sendRawTransaction", params: [newest(flyer).raw] }));
    const answers = await flight.options.rpc.send(calls);
    const stopped = batch.some((flyer, index) => !accept(flight, flyer, answers[index]));
    if (stopped) return;
  }
}

/** @returns false where nothing behind this one can be taken either. */
function accept(flight: Flight, flyer: Flyer, answer: Answer | undefined): boolean {
  if (answer === undefined) return false;
  if (!("error" in answer)) return markSent(flight, flyer);
  const refusal = understandRefusal(answer.error);
  switch (refusal) {
    case "known":
    case "nonce too low":
    case "replacement underpriced":
    // Development nodes mine a reverting transaction and answer with the revert.
    case "reverts":
      return markSent(flight, flyer);
    case "underpriced":
      flyer.refusedFees = true;
      return false;
    case "no funds":
      flight.shortOfFunds = answer.error.message;
      return false;
    case "nonce too high":
      return false;
    case "pool full":
      return narrowWindow(flight);
    case "invalid":
      flyer.refusals++;
      if (flyer.refusals > 5) throw new TransactionRefusedError(flyer.slot.step.label, answer.error.message);
      return false;
  }
}

function markSent(flight: Flight, flyer: Flyer): true {
  const again = flyer.sentAtBlock !== undefined;
  flyer.sent = true;
  flyer.sentAtBlock = flight.head?.number ?? flight.run.startBlock;
  flyer.refusedFees = false;
  flyer.refusals = 0;
  const { label, nonce } = flyer.slot.step;
  report(flight, { type: again ? "resent" : "sent", label, nonce, hash: newest(flyer).hash });
  return true;
}

function narrowWindow(flight: Flight): false {
  const size = Math.max(1, currentFlyers(flight).filter(({ sent }) => sent).length);
  if (size !== flight.window) report(flight, { type: "window", size });
  flight.window = size;
  return false;
}

function inBatches(flyers: readonly Flyer[]): readonly (readonly Flyer[])[] {
  const batches: Flyer[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const flyer of flyers) {
    const size = newest(flyer).raw.length;
    if (bytes + size > longestBatchBytes) {
      batches.push([]);
      bytes = 0;
    }
    bytes += size;
    batches.at(-1)?.push(flyer);
  }
  return batches;
}

/** Stops where nothing is left that could be mined and the rest cannot be paid. */
export async function checkFunds(flight: Flight): Promise<void> {
  const current = currentFlyers(flight);
  const [first] = current;
  if (flight.shortOfFunds === undefined || first === undefined || current.some(({ sent }) => sent)) return;
  const { from } = first.slot.step;
  const balance = readQuantity(await flight.options.rpc.request("eth_getBalance", [from, "latest"]), "a balance");
  const needed = current.reduce((sum, flyer) => {
    const { gasLimit, value } = flyer.slot.step;
    return sum + gasLimit * newest(flyer).maxFeePerGas + value;
  }, 0n);
  throw new OutOfFundsError(from, balance, needed, current.length, flight.run.network, flight.shortOfFunds);
}

/** The money ended midway. */
class OutOfFundsError extends MetacoinError {
  override readonly code = "OUT_OF_FUNDS";
  /** Wei. */
  readonly shortfall: bigint;

  constructor(address: string, balance: bigint, needed: bigint, remaining: number, network: string, cause: string) {
    const shortfall = needed > balance ? needed - balance : 0n;
    super(
      `${address} has ${balance.toString()} wei; the ${String(remaining)} transactions that remain need up to ${needed.toString()} wei: ${shortfall.toString()} wei are missing`,
      {
        hint: `npx hardhat faucet --network ${network}\nThen the same command goes on from here: npx hardhat deploy --network ${network}`,
        cause,
      },
    );
    this.shortfall = shortfall;
  }
}

/** Every endpoint calls the bytes invalid. */
class TransactionRefusedError extends MetacoinError {
  override readonly code = "TRANSACTION_REFUSED";

  constructor(label: string, message: string) {
    super(`The endpoint refuses the transaction of ${label}: ${message}`, {
      hint: "To give its nonce up and plan anew: npx hardhat deploy --cancel",
    });
  }
}
