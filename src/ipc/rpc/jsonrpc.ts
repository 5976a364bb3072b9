import { MetacoinError, messageOf } from "../../errors.ts";
import { isRecord } from "../messages.ts";

/** The error codes of JSON-RPC 2.0, section 5.1. */
export const errorCodes = {
  parse: -32_700,
  invalidRequest: -32_600,
  methodNotFound: -32_601,
  invalidParams: -32_602,
  internal: -32_603,
  /** Of the range left to servers: anything a method refuses. */
  server: -32_000,
} as const;

export type JsonRpcId = string | number | null;

/** Carries out one method; what it throws becomes the reply's error. A notification has no `id`. */
export type Dispatch = (method: string, params: unknown, id: JsonRpcId | undefined) => unknown;

type Request = { readonly id: JsonRpcId | undefined; readonly method: string; readonly params: unknown };

/** Most requests in one batch; more are refused as a whole. */
const batchLimit = 1000;

/** The text of a reply; `undefined` where nothing is to be sent, as for a notification. */
type Reply = string | undefined;

/**
 * The reply to one JSON-RPC document, a request or a batch; a promise only where a method returned one, so that
 * a quick method is answered in the same tick. Never throws: every failure is an answer.
 */
export function answer(text: string, dispatch: Dispatch): Reply | Promise<Reply> {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    return failure(null, { code: errorCodes.parse, message: "Parse error" });
  }
  return Array.isArray(document) ? answerBatch(document, dispatch) : answerOne(document, dispatch);
}

async function answerBatch(requests: readonly unknown[], dispatch: Dispatch): Promise<Reply> {
  if (requests.length === 0 || requests.length > batchLimit) return failure(null, invalidRequest);
  const replies = await Promise.all(requests.map(async (request) => answerOne(request, dispatch)));
  const sent = replies.filter((reply) => reply !== undefined);
  return sent.length === 0 ? undefined : `[${sent.join(",")}]`;
}

function answerOne(document: unknown, dispatch: Dispatch): Reply | Promise<Reply> {
  const request = readRequest(document);
  if (request === undefined) return failure(idOf(document), invalidRequest);
  const { id, method, params } = request;
  try {
    const outcome = dispatch(method, params, id);
    return outcome instanceof Promise ? settle(id, outcome) : success(id, outcome);
  } catch (error) {
    return failed(id, error);
  }
}

async function settle(id: JsonRpcId | undefined, outcome: Promise<unknown>): Promise<Reply> {
  try {
    return success(id, await outcome);
  } catch (error) {
    return failed(id, error);
  }
}

function failed(id: JsonRpcId | undefined, error: unknown): Reply {
  return id === undefined ? undefined : failure(id, describeError(error));
}

const invalidRequest = { code: errorCodes.invalidRequest, message: "Invalid Request" };

function readRequest(document: unknown): Request | undefined {
  if (!isRecord(document)) return undefined;
  const { jsonrpc, id, method, params } = document;
  if (jsonrpc !== "2.0" || typeof method !== "string") return undefined;
  if (id !== undefined && !isId(id)) return undefined;
  if (params !== undefined && (params === null || typeof params !== "object")) return undefined;
  return { id, method, params };
}

function idOf(document: unknown): JsonRpcId {
  return isRecord(document) && isId(document["id"]) ? document["id"] : null;
}

function isId(id: unknown): id is JsonRpcId {
  return typeof id === "number" || typeof id === "string" || id === null;
}

function success(id: JsonRpcId | undefined, result: unknown): Reply {
  if (id === undefined) return undefined;
  return `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":${JSON.stringify(result ?? null)}}`;
}

function failure(id: JsonRpcId, error: RemoteFailure): string {
  return JSON.stringify({ jsonrpc: "2.0", id, error });
}

/** What a reply says about a failure: never a stack, and nothing of an error this project has no name for. */
function describeError(error: unknown): RemoteFailure {
  if (error instanceof JsonRpcError) return { code: error.rpcCode, message: error.message, data: error.data };
  if (error instanceof MetacoinError)
    return {
      code: codesByName[error.code] ?? errorCodes.server,
      message: error.message,
      data: { code: error.code, hint: error.hint },
    };
  return { code: errorCodes.internal, message: "Internal error" };
}

/** The failures of the contract that JSON-RPC has a number for. */
const codesByName: Readonly<Record<string, number>> = {
  UNKNOWN_METHOD: errorCodes.methodNotFound,
  INVALID_PARAMS: errorCodes.invalidParams,
};

/** The `error` member of a reply. */
type RemoteFailure = { readonly code: number; readonly message: string; readonly data?: unknown };

/** A reply as it arrived: matched by id, or a notification of the server's. */
export type Incoming =
  | { readonly id: JsonRpcId; readonly result: unknown }
  | { readonly id: JsonRpcId; readonly error: RemoteFailure }
  | { readonly method: string; readonly params: unknown };

/** Reads what a server sent; `undefined` where it is none of the three forms. */
export function readIncoming(document: unknown): Incoming | undefined {
  if (!isRecord(document) || document["jsonrpc"] !== "2.0") return undefined;
  const { id, result, error, method, params } = document;
  if (typeof method === "string" && id === undefined) return { method, params };
  if (!isId(id)) return undefined;
  if (isRecord(error)) {
    const { code, message, data } = error;
    if (typeof code !== "number" || typeof message !== "string") return undefined;
    return { id, error: { code, message, data } };
  }
  return "result" in document ? { id, result } : undefined;
}

/** A failure with a JSON-RPC code: thrown by a method to answer with it, and by a client that was answered with it. */
export class JsonRpcError extends MetacoinError {
  override readonly code = "IPC_RPC";
  readonly rpcCode: number;
  readonly data: unknown;

  constructor(rpcCode: number, message: string, data?: unknown) {
    super(message);
    this.rpcCode = rpcCode;
    this.data = data;
  }
}

/** The method is unknown: JSON-RPC code -32601. */
export function methodNotFound(method: string): JsonRpcError {
  return new JsonRpcError(errorCodes.methodNotFound, `The method "${method}" does not exist`);
}

/** The parameters do not fit: JSON-RPC code -32602. */
export function invalidParams(problem: unknown): JsonRpcError {
  return new JsonRpcError(errorCodes.invalidParams, messageOf(problem));
}
