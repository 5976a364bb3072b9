import { once } from "node:events";
import { Agent as HttpAgent, request as requestHttp, type ClientRequest, type IncomingMessage } from "node:http";
import { Agent as HttpsAgent, request as requestHttps } from "node:https";
import { Readable } from "node:stream";
import { text } from "node:stream/consumers";

import { MetacoinError, messageOf } from "../errors.ts";

/** A server to talk to, over connections that are kept. */
export type Connection = {
  readonly base: URL;
  /** Sends a request; resolves with the head of the answer, whatever its status. @throws {UnreachableError} */
  readonly send: (call: Call) => Promise<IncomingMessage>;
  /** Sends a request and reads the JSON of its answer. @throws {RefusedError} for a status of 400 and above. */
  readonly ask: (call: Call) => Promise<unknown>;
  readonly close: () => void;
};

type Call = {
  readonly method: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  /** Told of the bytes of the body as they leave. */
  readonly onSent?: (bytes: number) => void;
  readonly signal?: AbortSignal | undefined;
};

/** A connection on which nothing moves for this long is dead. */
const silenceMs = 60_000;
const sliceBytes = 256 * 1024;

/** @param parallel requests at once. @param token a session's secret, sent with every request. */
export function createConnection({
  base,
  parallel = 1,
  token,
}: {
  base: URL;
  parallel?: number;
  token?: string | undefined;
}): Connection {
  const secure = base.protocol === "https:";
  const facts = { keepAlive: true, maxSockets: parallel + 1, timeout: silenceMs };
  const agent = secure ? new HttpsAgent(facts) : new HttpAgent(facts);
  const credentials = token === undefined ? {} : { authorization: `Bearer ${token}` };

  const send = async ({
    method,
    path,
    headers = {},
    body,
    onSent = () => undefined,
    signal,
  }: Call): Promise<IncomingMessage> => {
    const open = secure ? requestHttps : requestHttp;
    const length = body === undefined ? {} : { "content-length": String(body.length) };
    const request = open(new URL(path, base), {
      method,
      agent,
      headers: { ...length, ...credentials, ...headers },
      ...(signal === undefined ? {} : { signal }),
    });
    request.on("timeout", () => request.destroy(new Error("nothing moved for a minute")));
    try {
      if (body === undefined) request.end();
      else sendBody(request, body, onSent);
      const [response] = await once(request, "response");
      return response;
    } catch (cause) {
      signal?.throwIfAborted();
      throw new UnreachableError(`${base.host} cannot be reached: ${messageOf(cause)}`, {
        cause,
        hint: "To start one: npx hardhat upload serve    to name one: --to URL",
      });
    }
  };

  const ask = async (call: Call): Promise<unknown> => {
    const response = await send(call);
    const { statusCode: status = 0 } = response;
    const body = await text(response).catch((cause: unknown) => {
      call.signal?.throwIfAborted();
      throw new UnreachableError(`${base.host} broke off its answer: ${messageOf(cause)}`, { cause });
    });
    if (status >= 400) throw refusalOf(status, body, `${call.method} ${call.path}`);
    return body === "" ? undefined : parse(body);
  };

  return { base, send, ask, close: () => agent.destroy() };
}

/** A write a slice, so that progress is seen on a slow line; a failure comes out of `request`. */
function sendBody(request: ClientRequest, body: Uint8Array, onSent: (bytes: number) => void): void {
  const slices = function* () {
    for (let start = 0; start < body.length; start += sliceBytes) {
      const slice = body.subarray(start, start + sliceBytes);
      yield slice;
      onSent(slice.length);
    }
  };
  Readable.from(slices(), { highWaterMark: 1 }).pipe(request);
}

/** The failure in an answer of the server. */
export function refusalOf(status: number, body: string, what: string): RefusedError {
  const { error } = fields(parse(body));
  const { code, message, hint } = fields(error);
  return new RefusedError(typeof message === "string" ? message : `${what} was answered with ${String(status)}.`, {
    status,
    code: typeof code === "string" ? code : "REFUSED",
    ...(typeof hint === "string" ? { hint } : {}),
  });
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

function fields(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? { ...value } : {};
}

/** No answer; it may come back. */
export class UnreachableError extends MetacoinError {
  override readonly code = "UNREACHABLE";
}

/** The server said no. */
export class RefusedError extends MetacoinError {
  override readonly code: string;
  readonly status: number;

  constructor(message: string, { status, code, hint }: { status: number; code: string; hint?: string }) {
    super(message, hint === undefined ? {} : { hint });
    this.status = status;
    this.code = code;
  }
}
