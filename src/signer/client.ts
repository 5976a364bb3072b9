import type { Transaction, TransactionLike } from "ethers/transaction";

import { MetacoinError } from "../errors.ts";
import { UnreachableError } from "../ipc/contract.ts";
import { connectJsonRpc, type JsonRpcClient } from "../ipc/rpc/client.ts";

import { methods, requestCapBytes } from "./protocol.ts";

/** A key somewhere else: it signs, and this process never sees it. */
export type TransactionSigner = {
  readonly address: string;
  /**
   * @param transaction fully populated, of type 2 or 0.
   * @returns the raw signed transaction, checked to be the one that was asked for.
   */
  readonly signTransaction: (transaction: TransactionLike) => Promise<string>;
  readonly close: () => void;
};

/** Connects to a signer's socket; see {@link connectSigner}. */
export async function connectToSigner(path: string): Promise<JsonRpcClient> {
  try {
    return await connectJsonRpc({ path }, { capBytes: requestCapBytes, unrefIdle: true });
  } catch (error) {
    if (!(error instanceof UnreachableError)) throw error;
    throw new NoSignerError(`No signer answers on ${path}`, {
      hint: `Start one in another terminal: npx hardhat ipc signer --path ${path}`,
      cause: error.cause,
    });
  }
}

/**
 * An account of the signer that listens on `path`.
 *
 * @param address which one, where it holds several; the first by default.
 * @throws {NoSignerError} where nothing listens.
 * @example const { address, signTransaction } = await connectSigner("/run/user/1000/signer.sock");
 */
export async function connectSigner(path: string, address?: string): Promise<TransactionSigner> {
  const client = await connectToSigner(path);
  const held = addressesOf(await client.request(methods.accounts, []));
  const account = held.find((known) => address === undefined || known.toLowerCase() === address.toLowerCase());
  if (account === undefined) {
    client.close();
    throw new NoSignerError(`The signer on ${path} holds no account ${address ?? ""}, only ${held.join(", ")}`);
  }
  return {
    address: account,
    async signTransaction(transaction) {
      const { Transaction } = await import("ethers/transaction");
      const asked = Transaction.from({ ...transaction, from: null, signature: null });
      const raw = await client.request(methods.signTransaction, [toRequest(asked, account)]);
      const signed = Transaction.from(typeof raw === "string" ? raw : "");
      if (signed.unsignedSerialized === asked.unsignedSerialized && signed.from === account) return signed.serialized;
      throw new WrongSignatureError(
        `The signer on ${path} returned another transaction than the one it was asked to sign`,
      );
    },
    close: () => client.close(),
  };
}

function toRequest(asked: Transaction, from: string): Record<string, unknown> {
  const { type, to, data, nonce, chainId, value, gasLimit, gasPrice, accessList } = asked;
  const { maxFeePerGas, maxPriorityFeePerGas } = asked;
  const request = {
    from,
    to: to ?? undefined,
    type: hex(type ?? 2),
    chainId: hex(chainId),
    nonce: hex(nonce),
    gas: hex(gasLimit),
    value: hex(value),
    data,
    accessList: accessList === null || accessList.length === 0 ? undefined : accessList,
  };
  if (type !== 2) return { ...request, gasPrice: hex(gasPrice ?? 0n) };
  return { ...request, maxFeePerGas: hex(maxFeePerGas ?? 0n), maxPriorityFeePerGas: hex(maxPriorityFeePerGas ?? 0n) };
}

const hex = (value: bigint | number) => `0x${value.toString(16)}`;

function addressesOf(result: unknown): string[] {
  return Array.isArray(result) ? result.filter((item) => typeof item === "string") : [];
}

export class NoSignerError extends MetacoinError {
  override readonly code = "SIGNER_UNREACHABLE";
}

/** The bytes that came back are not what was asked for, or not this account's: they must not be sent. */
export class WrongSignatureError extends MetacoinError {
  override readonly code = "SIGNER_WRONG_SIGNATURE";
}
