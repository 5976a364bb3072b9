import { MetacoinError } from "../errors.ts";
import { type Block, readBlock, readReceipt } from "../rpc/chain.ts";
import { readQuantity, toQuantity } from "../rpc/quantity.ts";
import { type Call, valueOf } from "../rpc/rpc.ts";
import { currentFlyers, type Flight, type Flyer, isOpen, report } from "./flight.ts";
import { findForeign } from "./foreign.ts";

/** How often a used nonce may be without a receipt of ours before its block is looked for. */
const patience = 3;

/** Looks at the chain once: the head, the senders' nonces, the receipts of what was mined. @returns true when the head is a new one. */
export async function look(flight: Flight): Promise<boolean> {
  const senders = [...new Set(flight.flyers.map(({ slot }) => slot.step.from))];
  const [headAnswer, ...nonceAnswers] = await flight.options.rpc.send([
    { method: "eth_getBlockByNumber", params: ["latest", false] },
    ...senders.map((sender): Call => ({ method: "eth_getTransactionCount", params: [sender, "latest"] })),
  ]);
  const head = readBlock(valueOf(headAnswer, "eth_getBlockByNumber"));
  const isNew = flight.head?.hash !== head.hash;
  flight.head = head;
  const nonces = new Map(
    senders.map((sender, index) => [
      sender,
      Number(readQuantity(valueOf(nonceAnswers[index], "eth_getTransactionCount"), "a nonce")),
    ]),
  );
  const used = ({ slot }: Flyer) => slot.step.nonce < (nonces.get(slot.step.from) ?? 0);
  for (const flyer of flight.flyers) if (!isOpen(flyer) && !used(flyer)) reopen(flight, flyer);
  await settle(
    flight,
    flight.flyers.filter((flyer) => isOpen(flyer) && used(flyer)),
  );
  return isNew;
}

/** A block that held the transaction is not canonical any more: its bytes go out again. */
function reopen(flight: Flight, flyer: Flyer): void {
  const { label, nonce } = flyer.slot.step;
  const blockNumber =
    flyer.outcome !== undefined && flyer.outcome.kind !== "taken" ? flyer.outcome.receipt.blockNumber : 0;
  flyer.outcome = undefined;
  flyer.sent = false;
  flyer.missing = 0;
  report(flight, { type: "reorganised", label, nonce, blockNumber });
}

/** Finds what the used nonces were used for. */
async function settle(flight: Flight, flyers: readonly Flyer[]): Promise<void> {
  const versions = flyers.flatMap((flyer) => flyer.slot.versions.map((signed) => ({ flyer, signed })));
  const answers = await flight.options.rpc.send(
    versions.map(({ signed }) => ({ method: "eth_getTransactionReceipt", params: [signed.hash] })),
  );
  const receipts = versions.flatMap(({ flyer, signed }, index) => {
    const receipt = readReceipt(valueOf(answers[index], "eth_getTransactionReceipt"));
    return receipt === undefined ? [] : [{ flyer, signed, receipt }];
  });
  const blocks = await readBlocks(
    flight,
    receipts.map(({ receipt }) => receipt.blockNumber),
  );
  for (const { flyer, signed, receipt } of receipts) {
    const block = blocks.get(receipt.blockNumber);
    // A receipt of a block that is not canonical is as good as none; the next look decides.
    if (block === undefined || block.hash !== receipt.blockHash) continue;
    const kind = signed.cancels ? "released" : receipt.succeeded ? "landed" : "reverted";
    flyer.outcome = { kind, receipt, block, signed };
    flyer.missing = 0;
    const { label, nonce } = flyer.slot.step;
    report(flight, { type: "mined", label, nonce, hash: signed.hash, blockNumber: receipt.blockNumber });
  }
  for (const flyer of flyers.filter(isOpen)) await suspect(flight, flyer);
}

/** The nonce is used and no receipt is ours: an endpoint that lags, or a foreign transaction. Only the block itself proves it. */
async function suspect(flight: Flight, flyer: Flyer): Promise<void> {
  flyer.missing++;
  if (flyer.missing < patience) return;
  const found = await findForeign(flight, flyer);
  const { label, nonce, from } = flyer.slot.step;
  if (found !== undefined) {
    flyer.outcome = { kind: "taken", by: found };
    report(flight, { type: "taken", label, nonce, hash: found });
  } else if (flyer.missing > 10 * patience) {
    throw new NonceUsedError(from, nonce, label);
  }
}

/** The canonical blocks of these heights; the head's own is at hand. */
async function readBlocks({ head, options }: Flight, numbers: readonly number[]): Promise<ReadonlyMap<number, Block>> {
  const blocks = new Map<number, Block>();
  if (head !== undefined) blocks.set(head.number, head);
  const wanted = [...new Set(numbers)].filter((number) => !blocks.has(number));
  const answers = await options.rpc.send(
    wanted.map((number) => ({ method: "eth_getBlockByNumber", params: [toQuantity(number), false] })),
  );
  for (const answer of answers) {
    const json = valueOf(answer, "eth_getBlockByNumber");
    if (json !== null) {
      const block = readBlock(json);
      blocks.set(block.number, block);
    }
  }
  return blocks;
}

/**
 * True when every outcome stands in a block that is still canonical and has its confirmations.
 * An outcome whose block was replaced is opened again.
 */
export async function isFinal(flight: Flight): Promise<boolean> {
  const { head, options, flyers } = flight;
  if (head === undefined || flyers.some(isOpen)) return false;
  const mined = flyers.flatMap((flyer) =>
    flyer.outcome === undefined || flyer.outcome.kind === "taken" ? [] : [{ flyer, outcome: flyer.outcome }],
  );
  const last = Math.max(...mined.map(({ outcome }) => outcome.receipt.blockNumber), 0);
  const have = head.number - last + 1;
  if (mined.length > 0 && have < options.confirmations) {
    if (have !== flight.confirmed) report(flight, { type: "confirming", have, need: options.confirmations });
    flight.confirmed = have;
    return false;
  }
  const blocks = await readBlocks(
    flight,
    mined.map(({ outcome }) => outcome.receipt.blockNumber),
  );
  const lost = mined.filter(
    ({ outcome }) => blocks.get(outcome.receipt.blockNumber)?.hash !== outcome.receipt.blockHash,
  );
  for (const { flyer } of lost) reopen(flight, flyer);
  return lost.length === 0;
}

/** Marks as unsent what no endpoint knows any more: the next sending takes it. */
export async function noticeDropped(flight: Flight): Promise<void> {
  const sent = currentFlyers(flight).filter((flyer) => flyer.sent);
  const answers = await flight.options.rpc.send(
    sent.map(({ slot }) => ({ method: "eth_getTransactionByHash", params: [slot.versions.at(-1)?.hash] })),
  );
  for (const [index, flyer] of sent.entries()) {
    const answer = answers[index];
    if (answer !== undefined && "result" in answer && answer.result === null) flyer.sent = false;
  }
}

/** A nonce was used, and nothing that can be found used it. */
class NonceUsedError extends MetacoinError {
  override readonly code = "NONCE_USED";

  constructor(from: string, nonce: number, label: string) {
    super(
      `Nonce ${String(nonce)} of ${from} is used, and the endpoint shows neither ${label} nor any other transaction with it`,
      {
        hint: "The endpoint may lag or lack old blocks. Run the same command again, or with another endpoint.",
      },
    );
  }
}
