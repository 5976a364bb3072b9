import { MalformedAnswerError, readHex, readQuantity } from "./quantity.ts";
import { isRecord } from "./rpc.ts";

export type Block = {
  readonly number: number;
  readonly hash: string;
  readonly parentHash: string;
  /** Seconds since the epoch. */
  readonly timestamp: number;
  /** Wei; undefined on chains without EIP-1559. */
  readonly baseFeePerGas: bigint | undefined;
};

/** A receipt, with the answer as it came beside the fields that are used. */
export type Receipt = {
  readonly transactionHash: string;
  readonly blockNumber: number;
  readonly blockHash: string;
  readonly from: string;
  readonly contractAddress: string | undefined;
  readonly succeeded: boolean;
  readonly gasUsed: bigint;
  /** Wei per gas. */
  readonly effectiveGasPrice: bigint;
  /** Wei that an OP-stack chain takes for its data on the layer below (receipt field `l1Fee`); 0 elsewhere. */
  readonly l1Fee: bigint;
  readonly json: Readonly<Record<string, unknown>>;
};

export function readBlock(json: unknown): Block {
  if (!isRecord(json)) throw new MalformedAnswerError("a block", json);
  return {
    number: Number(readQuantity(json["number"], "the number of a block")),
    hash: readHex(json["hash"], "the hash of a block"),
    parentHash: readHex(json["parentHash"], "the parent hash of a block"),
    timestamp: Number(readQuantity(json["timestamp"], "the timestamp of a block")),
    baseFeePerGas: json["baseFeePerGas"] == null ? undefined : readQuantity(json["baseFeePerGas"], "a base fee"),
  };
}

/** Undefined while the transaction is not mined. */
export function readReceipt(json: unknown): Receipt | undefined {
  if (json === null || json === undefined) return undefined;
  if (!isRecord(json)) throw new MalformedAnswerError("a receipt", json);
  const contractAddress = json["contractAddress"];
  return {
    transactionHash: readHex(json["transactionHash"], "a transaction hash"),
    blockNumber: Number(readQuantity(json["blockNumber"], "the block number of a receipt")),
    blockHash: readHex(json["blockHash"], "the block hash of a receipt"),
    from: readHex(json["from"], "the sender of a receipt"),
    contractAddress: typeof contractAddress === "string" ? contractAddress : undefined,
    succeeded: json["status"] !== "0x0",
    gasUsed: readQuantity(json["gasUsed"], "the gas of a receipt"),
    effectiveGasPrice: json["effectiveGasPrice"] == null ? 0n : readQuantity(json["effectiveGasPrice"], "a gas price"),
    l1Fee: json["l1Fee"] == null ? 0n : readQuantity(json["l1Fee"], "an L1 fee"),
    json,
  };
}
