import { readQuantity, toQuantity } from "../rpc/quantity.ts";
import { isRecord } from "../rpc/rpc.ts";
import type { Flight, Flyer } from "./flight.ts";

/**
 * Looks for the transaction that used a slot's nonce and is not ours: the proof that the key was used elsewhere.
 *
 * @returns its hash; undefined where it is one of ours, or where the endpoint cannot show it.
 */
export async function findForeign({ run, options, head }: Flight, { slot }: Flyer): Promise<string | undefined> {
  if (head === undefined) return undefined;
  const { from, nonce } = slot.step;
  const countAt = async (block: number) =>
    Number(readQuantity(await options.rpc.request("eth_getTransactionCount", [from, toQuantity(block)]), "a nonce"));
  // The first block after which the nonce is used.
  let before = Math.max(0, run.startBlock - 1);
  let after = head.number;
  try {
    if ((await countAt(before)) > nonce) before = 0;
    while (after - before > 1) {
      const middle = Math.floor((before + after) / 2);
      if ((await countAt(middle)) > nonce) after = middle;
      else before = middle;
    }
    const block = await options.rpc.request("eth_getBlockByNumber", [toQuantity(after), true]);
    const hash = findTransaction(block, from, nonce);
    return slot.versions.some((signed) => signed.hash === hash) ? undefined : hash;
  } catch {
    // An endpoint without old states cannot prove anything; the caller keeps asking.
    return undefined;
  }
}

function findTransaction(block: unknown, from: string, nonce: number): string | undefined {
  if (!isRecord(block) || !Array.isArray(block["transactions"])) return undefined;
  for (const transaction of block["transactions"]) {
    if (!isRecord(transaction)) continue;
    const { hash, from: sender, nonce: used } = transaction;
    if (typeof hash !== "string" || typeof sender !== "string" || typeof used !== "string") continue;
    if (sender.toLowerCase() === from.toLowerCase() && Number(used) === nonce) return hash;
  }
  return undefined;
}
