import { hashMessage, TypedDataEncoder } from "ethers/hash";
import { Transaction, type TransactionLike } from "ethers/transaction";
import { z } from "zod";

import type { Peer } from "../ipc/contract.ts";
import { errorCodes, invalidParams, JsonRpcError, methodNotFound } from "../ipc/rpc/jsonrpc.ts";
import type { AuditedTransaction, AuditLog } from "./audit.ts";
import { judge, type Act, type TransactionAct } from "./judge.ts";
import { type Keyring, LockedError, UnknownAccountError } from "./keyring.ts";
import { isRead } from "./passthrough.ts";
import { methods, walletErrors } from "./protocol.ts";
import type { Question } from "./question.ts";
import type { PinnedRules } from "./rules.ts";
import type { Spending } from "./spending.ts";
import {
  actOf,
  populate,
  transactionRequest,
  type Sent,
  withNonce,
  type Endpoint,
  type TransactionRequest,
} from "./transaction.ts";
import { readTypedData, typedDataAct, typedDataParams } from "./typed-data.ts";

/** Puts a question to a person; `false` on no, on no answer, and when `signal` aborts. */
type Ask = (question: Question, signal: AbortSignal) => Promise<boolean>;

export type SignerOptions = {
  readonly keyring: Keyring;
  /** Without rules everything asks. */
  readonly pinned: PinnedRules | undefined;
  readonly spending: Spending;
  readonly audit: AuditLog;
  /** `undefined` where nobody can be asked: what is outside the rules is then refused. */
  readonly ask: Ask | undefined;
  readonly endpoint: Endpoint;
  readonly chainId: number;
  /** Told of everything that was signed or refused, in a line. */
  readonly report: (line: string) => void;
};

/** Who is calling: `signal` aborts when the connection is gone. */
type Caller = { readonly peer: Peer; readonly signal: AbortSignal };

export type Signer = {
  /** Answers one JSON-RPC method. */
  readonly dispatch: (method: string, params: unknown, caller: Caller) => Promise<unknown>;
};

const addressParam = z.string().regex(/^0x[0-9a-fA-F]{40}$/u);
const hexParam = z.string().regex(/^0x([0-9a-fA-F]{2})*$/u);
const transactionParams = z.tuple([transactionRequest]);
const messageParams = z.tuple([hexParam, addressParam]).rest(z.unknown());

/**
 * The methods of an account, each signature judged by the rules, asked about where it is outside them,
 * and written to the audit log before it leaves.
 */
export function createSigner(options: SignerOptions): Signer {
  const { keyring, pinned, spending, audit, ask, endpoint, chainId, report } = options;
  const sending = new Map<string, Promise<unknown>>();
  const sent = new Map<string, Sent>();

  async function dispatch(method: string, params: unknown, caller: Caller): Promise<unknown> {
    switch (method) {
      case methods.accounts:
      case methods.requestAccounts:
        return keyring.addresses;
      case methods.signTransaction:
        return (await sign(await approve(method, readRequest(params), caller))).serialized;
      case methods.sendTransaction:
        return await sendTransaction(await approve(method, readRequest(params), caller));
      case methods.signMessage:
        return await signMessage(params, caller);
      case methods.signTypedData:
        return await signTypedData(params, caller);
      case methods.status:
        return {
          accounts: keyring.addresses,
          locked: keyring.locked(),
          locksAt: keyring.locksAt() ?? null,
          rulesSha256: pinned?.sha256 ?? null,
          chainId,
        };
      case methods.lock:
        keyring.lock();
        await audit.write({ event: "locked", peer: caller.peer });
        report("locked");
        return true;
      case methods.unlock:
        return await unlock(caller);
      default:
        return await passOn(method, params);
    }
  }

  /** One transaction of an account after the other, from its nonce to its send, so that two never take the same nonce. */
  async function sendTransaction(approved: Approved): Promise<unknown> {
    const { account } = approved.facts;
    const work = async () => {
      const signed = await sign(approved);
      const answer = await send(signed);
      sent.set(account, { nonce: signed.nonce, hash: signed.hash ?? "" });
      return answer;
    };
    const mine = (sending.get(account) ?? Promise.resolve()).then(work, work);
    sending.set(account, mine);
    return await mine;
  }

  /** A second try of a send whose answer was lost is refused as known: the chain then has it. */
  async function send({ serialized, hash }: Transaction): Promise<unknown> {
    try {
      return await endpoint("eth_sendRawTransaction", [serialized]);
    } catch (error) {
      const known = await endpoint("eth_getTransactionByHash", [hash]).catch(() => null);
      if (known === null) throw error;
      return hash;
    }
  }

  /** Fills a transaction but for its nonce, and has it allowed. */
  async function approve(method: string, request: TransactionRequest, caller: Caller): Promise<Approved> {
    const { address: account } = walletOf(request.from);
    if (request.chainId != null && request.chainId !== chainId)
      throw invalidParams(
        `The transaction is for chain ${String(request.chainId)}; this signer serves chain ${String(chainId)}`,
      );
    const filled = await populate(request, chainId, endpoint);
    const act = readAct(filled, account);
    const facts = { method, account, transaction: auditedOf(act) };
    return { filled, facts, caller, allowed: await allow(act, facts, { kind: "transaction", act }, caller) };
  }

  async function sign({ filled, facts, caller, allowed }: Approved): Promise<Transaction> {
    try {
      const complete = await withNonce(filled, facts.account, { endpoint, last: sent.get(facts.account) });
      const signed = Transaction.from(await walletOf(facts.account).signTransaction(complete));
      const transaction = { ...facts.transaction, nonce: signed.nonce };
      await written({ ...facts, transaction, hash: signed.hash ?? "" }, allowed.by, caller);
      return signed;
    } catch (error) {
      allowed.release();
      throw error;
    }
  }

  async function signMessage(params: unknown, caller: Caller): Promise<string> {
    const [message, address] = read(messageParams, params);
    const wallet = walletOf(address);
    const facts = { method: methods.signMessage, account: wallet.address };
    const { by } = await allow({ kind: "message" }, facts, { kind: "message", from: wallet.address, message }, caller);
    const bytes = Buffer.from(message.slice(2), "hex");
    const signature = await walletOf(address).signMessage(bytes);
    await written({ ...facts, hash: hashMessage(bytes) }, by, caller);
    return signature;
  }

  async function signTypedData(params: unknown, caller: Caller): Promise<string> {
    const [address, given] = read(typedDataParams, params);
    const wallet = walletOf(address);
    const typed = readTypedData(given);
    const { domain, types, message } = typed;
    const facts = { method: methods.signTypedData, account: wallet.address };
    const { by } = await allow(typedDataAct(typed), facts, { kind: "typedData", from: wallet.address, typed }, caller);
    const signature = await walletOf(address).signTypedData(domain, types, message);
    await written({ ...facts, hash: TypedDataEncoder.hash(domain, types, message) }, by, caller);
    return signature;
  }

  /** Judges and, outside the rules, asks; what is allowed already counts against the rate. */
  async function allow(act: Act, facts: Facts, question: Question, caller: Caller): Promise<Allowed> {
    const reasons = pinned === undefined ? ["there are no rules"] : judge(pinned.rules, act, spending);
    const wei = act.kind === "transaction" ? act.value + act.maxFee : undefined;
    const reserve = () => (wei === undefined ? () => undefined : spending.reserve(wei));
    if (reasons.length === 0) return { by: "rules", release: reserve() };
    if (ask !== undefined && (await ask({ ...question, reasons }, caller.signal)))
      return { by: "terminal", release: reserve() };
    await audit.write({ event: "refused", ...facts, reasons, peer: caller.peer, rulesSha256: pinned?.sha256 });
    const who = ask === undefined ? "outside the rules, and there is no terminal to ask on" : "refused at the terminal";
    report(`refused  ${facts.method}  ${reasons.join("; ")}`);
    throw new JsonRpcError(walletErrors.userRejected, `The signer refused: ${who} (${reasons.join("; ")})`, {
      reasons,
    });
  }

  async function written(facts: Facts & { readonly hash: string }, by: Allowed["by"], { peer }: Caller): Promise<void> {
    await audit.write({ event: "signed", ...facts, by, peer, rulesSha256: pinned?.sha256 });
    report(`signed  ${facts.method}  ${facts.hash}  by ${by}`);
  }

  async function unlock({ peer, signal }: Caller): Promise<boolean> {
    if (!keyring.locked()) return true;
    if (ask === undefined)
      throw new JsonRpcError(walletErrors.unauthorized, "The signer has no terminal to unlock it on; start it again");
    const yes = await ask({ kind: "unlock", reasons: [] }, signal);
    if (!yes) throw new JsonRpcError(walletErrors.userRejected, "Unlocking was refused at the terminal");
    await keyring.unlock();
    await audit.write({ event: "unlocked", peer });
    report("unlocked");
    return true;
  }

  function walletOf(address: string) {
    try {
      return keyring.wallet(address);
    } catch (error) {
      if (error instanceof LockedError || error instanceof UnknownAccountError)
        throw new JsonRpcError(walletErrors.unauthorized, error.message, { code: error.code, hint: error.hint });
      throw error;
    }
  }

  async function passOn(method: string, params: unknown): Promise<unknown> {
    if (/^(?:eth_sign|personal_|wallet_)/u.test(method))
      throw new JsonRpcError(walletErrors.unsupportedMethod, `The signer does not offer ${method}`);
    if (!isRead(method)) throw methodNotFound(method);
    return await endpoint(method, read(z.array(z.unknown()).default([]), params));
  }

  return { dispatch };
}

type Facts = { readonly method: string; readonly account: string; readonly transaction?: AuditedTransaction };

/** A transaction that may be signed, once it has a nonce. */
type Approved = {
  readonly filled: TransactionLike;
  readonly facts: Facts & { readonly transaction: AuditedTransaction };
  readonly caller: Caller;
  readonly allowed: Allowed;
};

type Allowed = { readonly by: "rules" | "terminal"; readonly release: () => void };

function readAct(transaction: TransactionLike, from: string): TransactionAct {
  try {
    return actOf(transaction, from);
  } catch (error) {
    throw invalidParams(error);
  }
}

function readRequest(params: unknown): TransactionRequest {
  return read(transactionParams, params)[0];
}

function read<Output>(schema: z.ZodType<Output>, params: unknown): Output {
  const parsed = schema.safeParse(params);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map(({ path, message }) => `${path.join(".") || "params"}: ${message}`);
  throw new JsonRpcError(errorCodes.invalidParams, faults.join("; "));
}

function auditedOf({ chainId, to, value, maxFee, data }: TransactionAct): AuditedTransaction {
  const selector = to !== undefined && data.length >= 10 ? { selector: data.slice(0, 10) } : {};
  return { chainId, to, value: value.toString(), maxFee: maxFee.toString(), ...selector };
}
