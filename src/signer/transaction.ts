import { getAddress } from "ethers/address";
import { Transaction, type TransactionLike } from "ethers/transaction";
import { z } from "zod";

import type { TransactionAct } from "./judge.ts";

/** Sends one JSON-RPC request to the network's endpoint. */
export type Endpoint = (method: string, params: readonly unknown[]) => Promise<unknown>;

const quantity = z
  .string()
  .regex(/^0x[0-9a-fA-F]{1,64}$/u, "must be a hexadecimal quantity")
  .transform(BigInt);

const index = quantity.pipe(z.bigint().max(BigInt(Number.MAX_SAFE_INTEGER))).transform(Number);

const data = z.string().regex(/^0x([0-9a-fA-F]{2})*$/u, "must be hexadecimal bytes");

const address = z
  .string()
  .regex(/^0x[0-9a-fA-F]{40}$/u, "must be an address")
  .transform((text) => getAddress(text.toLowerCase()));

/**
 * What a client may ask to have signed. Strict: a field that is not here (a blob, an authorization of EIP-7702)
 * would change what is signed without the rules seeing it.
 */
export const transactionRequest = z
  .strictObject({
    from: address,
    to: address.nullish(),
    gas: quantity.nullish(),
    gasPrice: quantity.nullish(),
    maxFeePerGas: quantity.nullish(),
    maxPriorityFeePerGas: quantity.nullish(),
    value: quantity.nullish(),
    nonce: index.nullish(),
    data: data.nullish(),
    input: data.nullish(),
    chainId: index.nullish(),
    type: z.enum(["0x0", "0x1", "0x2"]).nullish(),
    accessList: z
      .array(z.strictObject({ address, storageKeys: z.array(z.string().regex(/^0x[0-9a-fA-F]{64}$/u)) }))
      .nullish(),
  })
  .refine(({ data, input }) => data == null || input == null || data === input, "data and input differ")
  .refine(({ type, accessList }) => type !== "0x0" || !accessList?.length, "type 0x0 has no access list")
  .refine(hasOnePrice, "gasPrice is for types 0x0 and 0x1, maxFeePerGas and maxPriorityFeePerGas for 0x2");

type Prices = {
  readonly type?: "0x0" | "0x1" | "0x2" | null | undefined;
  readonly gasPrice?: bigint | null | undefined;
  readonly maxFeePerGas?: bigint | null | undefined;
  readonly maxPriorityFeePerGas?: bigint | null | undefined;
};

function hasOnePrice({ type, gasPrice, maxFeePerGas, maxPriorityFeePerGas }: Prices): boolean {
  const isCapped = maxFeePerGas != null || maxPriorityFeePerGas != null;
  if (gasPrice != null) return !isCapped && type !== "0x2";
  return !isCapped || type == null || type === "0x2";
}

export type TransactionRequest = z.output<typeof transactionRequest>;

const hex = (value: bigint | number) => `0x${value.toString(16)}`;

/**
 * Fills what the client left open with what the endpoint says: gas and prices. The nonce comes last, in {@link withNonce}.
 *
 * @param chainId what the endpoint answers for; a request for another chain was refused before.
 */
export async function populate(
  request: TransactionRequest,
  chainId: number,
  endpoint: Endpoint,
): Promise<TransactionLike> {
  const payload = request.input ?? request.data ?? "0x";
  const [gasLimit, prices] = await Promise.all([
    request.gas ?? estimateGas(request, payload, endpoint),
    pricesOf(request, endpoint),
  ]);
  return {
    chainId,
    to: request.to ?? null,
    value: request.value ?? 0n,
    data: payload,
    gasLimit,
    nonce: request.nonce ?? null,
    ...prices,
    ...(request.accessList?.length ? { accessList: request.accessList } : {}),
  };
}

async function estimateGas(request: TransactionRequest, payload: string, endpoint: Endpoint): Promise<bigint> {
  const { from, to, value } = request;
  const call = { from, data: payload, ...(to == null ? {} : { to }), ...(value == null ? {} : { value: hex(value) }) };
  return quantity.parse(await endpoint("eth_estimateGas", [call]));
}

async function pricesOf(request: TransactionRequest, endpoint: Endpoint): Promise<TransactionLike> {
  if (request.gasPrice != null || request.type === "0x0" || request.type === "0x1") {
    const gasPrice = request.gasPrice ?? quantity.parse(await endpoint("eth_gasPrice", []));
    return { type: request.type === "0x1" || request.accessList?.length ? 1 : 0, gasPrice };
  }
  const { maxFeePerGas, maxPriorityFeePerGas } = request;
  if (maxFeePerGas != null && maxPriorityFeePerGas != null) return { type: 2, maxFeePerGas, maxPriorityFeePerGas };
  const tip = maxPriorityFeePerGas ?? quantity.parse(await endpoint("eth_maxPriorityFeePerGas", []));
  const cap = maxFeePerGas ?? 2n * (await baseFee(endpoint)) + tip;
  return { type: 2, maxFeePerGas: cap, maxPriorityFeePerGas: tip < cap ? tip : cap };
}

async function baseFee(endpoint: Endpoint): Promise<bigint> {
  const block = z.object({ baseFeePerGas: quantity }).parse(await endpoint("eth_getBlockByNumber", ["latest", false]));
  return block.baseFeePerGas;
}

/** The transaction that was sent last for an account. */
export type Sent = { readonly nonce: number; readonly hash: string };

/** The transaction with a nonce: its own, or the next one of the account. */
export async function withNonce(
  transaction: TransactionLike,
  from: string,
  { endpoint, last }: { readonly endpoint: Endpoint; readonly last: Sent | undefined },
): Promise<TransactionLike> {
  if (transaction.nonce != null) return transaction;
  const pending = index.parse(await endpoint("eth_getTransactionCount", [from, "pending"]));
  if (last === undefined || pending > last.nonce) return { ...transaction, nonce: pending };
  // Some endpoints count mined transactions alone: the same nonce again could replace what was sent before.
  const known = await endpoint("eth_getTransactionByHash", [last.hash]).catch(() => null);
  return { ...transaction, nonce: known === null ? pending : last.nonce + 1 };
}

/**
 * What the rules look at.
 *
 * @throws {Error} of ethers, where no transaction can be like this.
 */
export function actOf(transaction: TransactionLike, from: string): TransactionAct {
  const complete = Transaction.from(transaction);
  // Now, and not once a person has agreed to it.
  complete.inferTypes();
  const { chainId, to, value, data, gasLimit, gasPrice, maxFeePerGas } = complete;
  return {
    kind: "transaction",
    chainId: Number(chainId),
    from,
    to: to ?? undefined,
    value,
    data,
    maxFee: gasLimit * (maxFeePerGas ?? gasPrice ?? 0n),
  };
}
