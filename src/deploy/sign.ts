import type { Step } from "./step.ts";

/** A transaction that needs nothing more than a signature: EIP-1559 (type 2), or with a gas price (type 0). */
export type UnsignedTransaction = {
  readonly type: 0 | 2;
  readonly chainId: number;
  readonly nonce: number;
  readonly to: string | null;
  readonly data: string;
  /** Wei. */
  readonly value: bigint;
  readonly gasLimit: bigint;
  /** Type 2. */
  readonly maxFeePerGas?: bigint;
  readonly maxPriorityFeePerGas?: bigint;
  /** Type 0. */
  readonly gasPrice?: bigint;
};

/** Whatever holds a key: a wallet in this process, or another process that keeps it. */
export type TransactionSigner = {
  readonly address: string;
  /** @returns the signed bytes, ready for eth_sendRawTransaction. */
  readonly signTransaction: (transaction: UnsignedTransaction) => Promise<string>;
};

/** What a transaction offers per gas, in wei; of type 0, where `maxFeePerGas` is the gas price, on chains without EIP-1559. */
export type Fees = { readonly type: 0 | 2; readonly maxFeePerGas: bigint; readonly maxPriorityFeePerGas: bigint };

/** Signed bytes: they own their nonce, and their hash is known before they are sent. */
export type SignedTransaction = Fees & {
  readonly hash: string;
  readonly raw: string;
  /** True for the zero-value transfer that releases a nonce. */
  readonly cancels: boolean;
};

/** Signs a step. @throws {UnknownSenderError} where no signer has its account. */
export async function signStep(
  step: Step,
  chainId: number,
  fees: Fees,
  signer: TransactionSigner,
): Promise<SignedTransaction> {
  const { nonce, to, data, value, gasLimit } = step;
  return sign({ chainId, nonce, to: to ?? null, data, value, gasLimit }, fees, signer, false);
}

/** Signs the cheapest transaction there is, at the nonce of a step: a transfer of nothing to oneself. */
export async function signRelease(
  step: Step,
  chainId: number,
  fees: Fees,
  signer: TransactionSigner,
): Promise<SignedTransaction> {
  const { nonce } = step;
  return sign({ chainId, nonce, to: signer.address, data: "0x", value: 0n, gasLimit: 21_000n }, fees, signer, true);
}

type Body = Omit<UnsignedTransaction, "type" | "maxFeePerGas" | "maxPriorityFeePerGas" | "gasPrice">;

async function sign(body: Body, fees: Fees, signer: TransactionSigner, cancels: boolean): Promise<SignedTransaction> {
  const { keccak256 } = await import("ethers/crypto");
  const raw = await signer.signTransaction(withFees(body, fees));
  const { type, maxFeePerGas, maxPriorityFeePerGas } = fees;
  return { hash: keccak256(raw), raw, type, maxFeePerGas, maxPriorityFeePerGas, cancels };
}

/** Completes a transaction with what it offers. */
export function withFees(body: Body, { type, maxFeePerGas, maxPriorityFeePerGas }: Fees): UnsignedTransaction {
  return type === 0 ? { ...body, type, gasPrice: maxFeePerGas } : { ...body, type, maxFeePerGas, maxPriorityFeePerGas };
}

/**
 * Both fees raised as often as it takes for `maxFeePerGas` to cover `baseFee`, at least once: by 12.5 % and one wei,
 * since nodes want 10 % or more (geth takes exactly 10 %, reth does not).
 *
 * @returns undefined where the ceiling leaves no room for a replacement.
 */
export function raiseFees(fees: Fees, baseFee: bigint, ceiling: bigint): Fees | undefined {
  let { maxFeePerGas, maxPriorityFeePerGas } = fees;
  do {
    maxFeePerGas = raise(maxFeePerGas);
    maxPriorityFeePerGas = raise(maxPriorityFeePerGas);
  } while (maxFeePerGas < baseFee + maxPriorityFeePerGas && maxFeePerGas < ceiling);
  if (raise(fees.maxFeePerGas) > ceiling) return undefined;
  const cap = maxFeePerGas < ceiling ? maxFeePerGas : ceiling;
  return {
    type: fees.type,
    maxFeePerGas: cap,
    maxPriorityFeePerGas: maxPriorityFeePerGas < cap ? maxPriorityFeePerGas : cap,
  };
}

function raise(fee: bigint): bigint {
  return (fee * 1125n) / 1000n + 1n;
}
