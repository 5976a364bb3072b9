import { keccak256, toUtf8Bytes } from "ethers";

import type { Clock } from "../../src/rpc/backoff.ts";
import { BadEndpointError } from "../../src/rpc/http.ts";
import type { Answer, Call, Rpc } from "../../src/rpc/rpc.ts";
import type { TransactionSigner, UnsignedTransaction } from "../../src/deploy/sign.ts";

export const sender = `0x${"ab".repeat(20)}`;
const blockMs = 2_000;

/** What can go wrong with a node, and when in milliseconds of the model's clock. */
export type Fault =
  | { readonly kind: "crash" | "drop" | "fail before" | "fail after" | "foreign"; readonly atMs: number }
  | { readonly kind: "reorg"; readonly atMs: number; readonly depth: number; readonly forget: boolean }
  | { readonly kind: "spike"; readonly atMs: number; readonly baseFee: number; readonly blocks: number }
  | { readonly kind: "window"; readonly atMs: number; readonly size: number };

type Transaction = {
  readonly hash: string;
  readonly nonce: number;
  readonly maxFee: bigint;
  readonly tip: bigint;
  readonly label: string;
};
type Block = {
  readonly number: number;
  readonly hash: string;
  readonly parentHash: string;
  readonly timestamp: number;
  readonly baseFee: bigint;
  readonly transactions: readonly Transaction[];
};

/** The process died. */
export class Crash extends Error {}

/** A node with a pool and a chain, on a clock of its own, that suffers its faults when their time comes. */
export class ModelNode {
  now = 0;
  readonly blocks: Block[] = [];
  readonly pool = new Map<number, Transaction>();
  private readonly faults: Fault[];
  private baseFee = 100n;
  private spikeUntil = -1;
  private window = Number.POSITIVE_INFINITY;
  private fate: "fail before" | "fail after" | undefined;
  private serial = 0;

  constructor(faults: readonly Fault[]) {
    this.faults = [...faults].sort((a, b) => a.atMs - b.atMs);
    this.mine();
    this.sufferDue();
  }

  readonly clock: Clock = {
    now: () => this.now,
    sleep: async (ms) => this.advance(ms),
  };

  readonly rpc: Rpc = {
    httpCalls: () => 0,
    send: async (calls) => this.send(calls),
    request: async (method, params = []) => {
      const [answer] = this.send([{ method, params }]);
      if (answer === undefined || "error" in answer) throw new Error(answer?.error.message);
      return answer.result;
    },
  };

  /** Every transaction of the canonical chain, in order. */
  get mined(): readonly Transaction[] {
    return this.blocks.flatMap(({ transactions }) => transactions);
  }

  get head(): Block {
    const head = this.blocks.at(-1);
    if (head === undefined) throw new Error("a chain has a genesis");
    return head;
  }

  private advance(ms: number): void {
    const end = this.now + ms;
    while (this.now < end) {
      const nextBlock = (Math.floor(this.now / blockMs) + 1) * blockMs;
      const next = Math.min(end, nextBlock, this.faults[0]?.atMs ?? end);
      this.now = Math.max(next, this.now);
      this.sufferDue();
      if (this.now === nextBlock) this.mine();
    }
  }

  private sufferDue(): void {
    while (this.faults[0] !== undefined && this.faults[0].atMs <= this.now) this.suffer(this.faults.shift());
  }

  private suffer(fault: Fault | undefined): void {
    switch (fault?.kind) {
      case "crash":
        if (this.now > 0) throw new Crash();
        return;
      case "drop":
        return this.pool.clear();
      case "fail before":
      case "fail after":
        this.fate = fault.kind;
        return;
      case "window":
        this.window = fault.size;
        return;
      case "spike":
        this.baseFee = BigInt(fault.baseFee);
        this.spikeUntil = this.head.number + fault.blocks;
        return;
      case "reorg":
        return this.reorganise(fault.depth, fault.forget);
      case "foreign": {
        const nonce = this.mined.length;
        this.pool.set(nonce, {
          hash: keccak256(toUtf8Bytes(`foreign ${String(this.serial++)}`)),
          nonce,
          maxFee: 10n ** 9n,
          tip: 10n ** 6n,
          label: "foreign",
        });
        return;
      }
      case undefined:
        return;
    }
  }

  private reorganise(depth: number, forget: boolean): void {
    const removed = this.blocks.splice(Math.max(1, this.blocks.length - depth));
    for (const transaction of removed.flatMap(({ transactions }) => transactions)) {
      // Somebody else's transaction stays with the network; ours may be forgotten.
      if (!forget || transaction.label === "foreign") this.pool.set(transaction.nonce, transaction);
    }
    for (const _ of removed) this.mine();
  }

  private mine(): void {
    if (this.height() > this.spikeUntil) this.baseFee = 100n;
    const transactions: Transaction[] = [];
    for (let nonce = this.mined.length; ; nonce++) {
      const transaction = this.pool.get(nonce);
      if (transaction === undefined || transaction.maxFee < this.baseFee) break;
      this.pool.delete(nonce);
      transactions.push(transaction);
    }
    const number = this.blocks.length;
    const hash = keccak256(toUtf8Bytes(`block ${String(number)} ${String(this.serial++)}`));
    this.blocks.push({
      number,
      hash,
      parentHash: this.blocks.at(-1)?.hash ?? `0x${"00".repeat(32)}`,
      timestamp: Math.floor(this.now / 1000),
      baseFee: this.baseFee,
      transactions,
    });
  }

  private height(): number {
    return this.blocks.length - 1;
  }

  private send(calls: readonly Call[]): readonly Answer[] {
    const { fate } = this;
    this.fate = undefined;
    if (fate === "fail before") throw new BadEndpointError(1, "connection failed (ECONNRESET)");
    const answers = calls.map((call) => this.answer(call));
    if (fate === "fail after") throw new BadEndpointError(1, "connection failed (ECONNRESET)");
    return answers;
  }

  private answer({ method, params }: Call): Answer {
    const [first, second] = params;
    switch (method) {
      case "eth_getBlockByNumber": {
        const block = first === "latest" ? this.head : this.blocks[Number(first)];
        return { result: block === undefined ? null : describe(block, second === true) };
      }
      case "eth_getTransactionCount": {
        const until = second === "latest" ? this.blocks.length : Number(second) + 1;
        return { result: quantity(this.blocks.slice(0, until).flatMap(({ transactions }) => transactions).length) };
      }
      case "eth_getTransactionReceipt":
        return { result: this.receipt(String(first)) };
      case "eth_getTransactionByHash": {
        const known = [...this.pool.values(), ...this.mined].some(({ hash }) => hash === first);
        return { result: known ? { hash: first } : null };
      }
      case "eth_sendRawTransaction":
        return this.take(decode(String(first)));
      case "eth_getBalance":
        return { result: quantity(10 ** 18) };
      default:
        throw new Error(`the model has no ${method}`);
    }
  }

  private take(transaction: Transaction): Answer {
    const refuse = (message: string): Answer => ({ error: { code: -32000, message } });
    if (transaction.nonce < this.mined.length) return refuse("nonce too low");
    const former = this.pool.get(transaction.nonce);
    if (former?.hash === transaction.hash) return refuse("already known");
    if (
      former !== undefined &&
      (transaction.maxFee * 10n < former.maxFee * 11n || transaction.tip * 10n < former.tip * 11n)
    )
      return refuse("replacement transaction underpriced");
    if (former === undefined && transaction.nonce - this.mined.length >= this.window) return refuse("txpool is full");
    this.pool.set(transaction.nonce, transaction);
    return { result: transaction.hash };
  }

  private receipt(hash: string): unknown {
    const block = this.blocks.find(({ transactions }) => transactions.some((transaction) => transaction.hash === hash));
    if (block === undefined) return null;
    return {
      transactionHash: hash,
      blockNumber: quantity(block.number),
      blockHash: block.hash,
      from: sender,
      contractAddress: null,
      status: "0x1",
      gasUsed: "0x5208",
      effectiveGasPrice: "0x1",
    };
  }
}

/** Signs by writing the transaction down: the model needs no more. */
export const modelSigner: TransactionSigner = {
  address: sender,
  signTransaction: async ({ nonce, maxFeePerGas = 0n, maxPriorityFeePerGas = 0n, data }: UnsignedTransaction) =>
    `0x${Buffer.from(JSON.stringify({ nonce, maxFee: maxFeePerGas.toString(), tip: maxPriorityFeePerGas.toString(), label: data })).toString("hex")}`,
};

function decode(raw: string): Transaction {
  const { nonce, maxFee, tip, label } = JSON.parse(Buffer.from(raw.slice(2), "hex").toString()) as Record<
    string,
    string
  >;
  return {
    hash: keccak256(raw),
    nonce: Number(nonce),
    maxFee: BigInt(maxFee ?? 0),
    tip: BigInt(tip ?? 0),
    label: label ?? "",
  };
}

function describe({ number, hash, parentHash, timestamp, baseFee, transactions }: Block, whole: boolean): unknown {
  return {
    number: quantity(number),
    hash,
    parentHash,
    timestamp: quantity(timestamp),
    baseFeePerGas: `0x${baseFee.toString(16)}`,
    transactions: transactions.map((transaction) =>
      whole ? { hash: transaction.hash, from: sender, nonce: quantity(transaction.nonce) } : transaction.hash,
    ),
  };
}

function quantity(value: number): string {
  return `0x${value.toString(16)}`;
}
