import { MetacoinError } from "../errors.ts";

import { backoffMs, type Clock, systemClock } from "./backoff.ts";
import { BadEndpointError, post, type Posted } from "./http.ts";

/** One JSON-RPC call (JSON-RPC 2.0, section 4). */
export type Call = { readonly method: string; readonly params: readonly unknown[] };

/** What an endpoint answered to one call: a value, or an error that is an answer too. */
export type Answer = { readonly result: unknown } | { readonly error: AnswerError };

export type AnswerError = { readonly code: number; readonly message: string; readonly data?: unknown };

/** A client of one chain. */
export type Rpc = {
  /** One call; an error answer is thrown as {@link RpcAnswerError}. */
  readonly request: (method: string, params?: readonly unknown[]) => Promise<unknown>;
  /** Several calls in one round trip, executed by the endpoint in this order; answers in the same order. */
  readonly send: (calls: readonly Call[]) => Promise<readonly Answer[]>;
  /** HTTP requests made so far, retries included. */
  readonly httpCalls: () => number;
};

export type RpcOptions = {
  /** The endpoints in order of preference; the next one is used while one fails. */
  readonly urls: readonly string[];
  /** Requests a second to all endpoints together; no cap by default. */
  readonly maxRequestsPerSecond?: number;
  /** How often one request is tried before it is given up (12). */
  readonly attempts?: number;
  readonly clock?: Clock;
  readonly random?: () => number;
  readonly signal?: AbortSignal;
  /** Told about every failed attempt, with no URL in it. */
  readonly onRetry?: (failure: BadEndpointError, waitMs: number) => void;
};

type Endpoint = {
  readonly url: string;
  /** Where it stands in the list of the user, from 1: what messages say instead of a URL that may hold a key. */
  readonly place: number;
  /** False once it refused a batch. */
  batches: boolean;
  /** The latency that answers have needed, smoothed; undefined before the first answer. */
  latencyMs: number | undefined;
};

const firstTimeoutMs = 5_000;
const shortestTimeoutMs = 1_500;
const longestTimeoutMs = 60_000;

/**
 * A JSON-RPC client that survives bad endpoints: a timeout learned from the endpoint's own latency, retries with
 * exponential back-off and full jitter, `Retry-After` (RFC 9110, 10.2.3) honoured, fail-over to the next URL,
 * single calls where an endpoint refuses batches.
 *
 * Only faults of the transport are retried. An error that the node answered is given back as it is:
 * whether "nonce too low" is a failure is for the caller to say.
 */
export function createRpc({
  urls,
  maxRequestsPerSecond,
  attempts = 12,
  clock = systemClock,
  random = Math.random,
  signal,
  onRetry,
}: RpcOptions): Rpc {
  const endpoints = urls.map((url, index): Endpoint => ({
    url,
    place: index + 1,
    batches: true,
    latencyMs: undefined,
  }));
  let preferred = 0;
  let httpCalls = 0;
  let nextId = 1;
  let nextSlotMs = 0;

  async function takeSlot(): Promise<void> {
    if (maxRequestsPerSecond === undefined) return;
    const now = clock.now();
    const slot = Math.max(now, nextSlotMs);
    nextSlotMs = slot + 1_000 / maxRequestsPerSecond;
    if (slot > now) await clock.sleep(slot - now, signal);
  }

  /** One exchange, tried until an endpoint answers. */
  async function exchange(calls: readonly Call[]): Promise<readonly Answer[]> {
    for (let attempt = 0; ; attempt++) {
      const endpoint = endpoints[preferred % endpoints.length];
      if (endpoint === undefined) throw new NoEndpointError("No endpoint is configured");
      try {
        return await tryOnce(endpoint, calls, attempt);
      } catch (failure) {
        if (!(failure instanceof BadEndpointError)) throw failure;
        if (failure.permanent && endpoints.length === 1) throw failure;
        if (attempt + 1 >= attempts * endpoints.length) throw failure;
        preferred++;
        // With a second endpoint at hand there is no reason to wait before the first try of it.
        const waitMs = attempt + 1 < endpoints.length ? 0 : backoffMs(attempt, failure.retryAfterMs, random);
        onRetry?.(failure, waitMs);
        if (waitMs > 0) await clock.sleep(waitMs, signal);
        signal?.throwIfAborted();
      }
    }
  }

  async function tryOnce(endpoint: Endpoint, calls: readonly Call[], attempt: number): Promise<readonly Answer[]> {
    if (calls.length > 1 && !endpoint.batches) {
      const answers: Answer[] = [];
      for (const call of calls) answers.push(...(await exchange([call])));
      return answers;
    }
    await takeSlot();
    const started = clock.now();
    const learned =
      endpoint.latencyMs === undefined ? firstTimeoutMs : Math.max(shortestTimeoutMs, endpoint.latencyMs * 10);
    httpCalls++;
    const posted = await post(endpoint.url, toBody(calls), {
      place: endpoint.place,
      // A slow endpoint is not a dead one: each retry waits longer for it.
      timeoutMs: Math.min(longestTimeoutMs, learned * 1.5 ** Math.floor(attempt / endpoints.length)),
      ...(signal === undefined ? {} : { signal }),
    });
    const answers = readAnswers(posted, calls, endpoint);
    if (answers === "no batches") {
      endpoint.batches = false;
      return tryOnce(endpoint, calls, attempt);
    }
    const latency = clock.now() - started;
    endpoint.latencyMs = endpoint.latencyMs === undefined ? latency : endpoint.latencyMs * 0.8 + latency * 0.2;
    return answers;
  }

  function toBody(calls: readonly Call[]): unknown {
    const bodies = calls.map(({ method, params }) => ({ jsonrpc: "2.0", id: nextId++, method, params }));
    return bodies.length === 1 ? bodies[0] : bodies;
  }

  async function send(calls: readonly Call[]): Promise<readonly Answer[]> {
    return calls.length === 0 ? [] : exchange(calls);
  }

  return {
    send,
    async request(method, params = []) {
      const [answer] = await send([{ method, params }]);
      if (answer === undefined) throw new NoEndpointError(`No answer to ${method}`);
      if ("error" in answer) throw new RpcAnswerError(method, answer.error);
      return answer.result;
    },
    httpCalls: () => httpCalls,
  };
}

/** The value of an answer. @throws {RpcAnswerError} where it is an error. */
export function valueOf(answer: Answer | undefined, method: string): unknown {
  if (answer === undefined) throw new NoEndpointError(`No answer to ${method}`);
  if ("error" in answer) throw new RpcAnswerError(method, answer.error);
  return answer.result;
}

function readAnswers(posted: Posted, calls: readonly Call[], endpoint: Endpoint): readonly Answer[] | "no batches" {
  const { json, status } = posted;
  if (calls.length === 1) {
    const answer = readAnswer(json);
    if (answer === undefined)
      throw new BadEndpointError(endpoint.place, `HTTP ${String(status)} without a JSON-RPC answer`, {
        permanent: status === 401 || status === 403 || status === 404,
      });
    throwWhereBusy(answer, endpoint);
    return [answer];
  }
  if (!Array.isArray(json)) {
    const answer = readAnswer(json);
    if (answer !== undefined) throwWhereBusy(answer, endpoint);
    return "no batches";
  }
  // JSON-RPC 2.0, section 6: the answers of a batch may come in any order.
  const byId = new Map<number, Answer>();
  for (const item of json) {
    const answer = readAnswer(item);
    const id = isRecord(item) ? Number(item["id"]) : Number.NaN;
    if (answer !== undefined && Number.isInteger(id)) byId.set(id, answer);
  }
  const ids = [...byId.keys()].sort((a, b) => a - b);
  if (ids.length !== calls.length) return "no batches";
  const answers = ids.flatMap((id) => byId.get(id) ?? []);
  for (const answer of answers) throwWhereBusy(answer, endpoint);
  return answers;
}

/** Rate limits that come as an answer with status 200 are faults of the transport all the same. */
function throwWhereBusy(answer: Answer, endpoint: Endpoint): void {
  if (!("error" in answer)) return;
  const { code, message } = answer.error;
  const busy =
    code === 429 ||
    code === -32005 ||
    /rate limit|too many requests|compute units per second|request limit|capacity exceeded|try again later/iu.test(
      message,
    );
  if (busy && !/block range|results|logs/iu.test(message))
    throw new BadEndpointError(endpoint.place, `busy: ${message}`);
}

function readAnswer(json: unknown): Answer | undefined {
  if (!isRecord(json)) return undefined;
  const error = json["error"];
  if (error !== undefined && error !== null) {
    if (!isRecord(error)) return { error: { code: 0, message: JSON.stringify(error) } };
    return {
      error: {
        code: Number(error["code"] ?? 0),
        message: typeof error["message"] === "string" ? error["message"] : "no message",
        data: error["data"],
      },
    };
  }
  return "result" in json ? { result: json["result"] } : undefined;
}

/** A JSON object that was parsed from outside. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The node answered with an error. */
export class RpcAnswerError extends MetacoinError {
  override readonly code = "RPC_ANSWER";
  readonly answer: AnswerError;

  constructor(method: string, answer: AnswerError) {
    super(`${method} was answered with error ${String(answer.code)}: ${answer.message}`);
    this.answer = answer;
  }
}

class NoEndpointError extends MetacoinError {
  override readonly code = "NO_ENDPOINT";
}
