import { Readable } from "node:stream";

import { MetacoinError } from "../../errors.ts";
import { splitCredentials } from "../fault.ts";

import type { Refusal } from "./refusal.ts";

/** One JSON-RPC call to one endpoint; rejects with {@link RpcError}. */
export type Request = (method: string, params: readonly unknown[]) => Promise<unknown>;

/** An answer above this is refused like one that the endpoint itself found too big: parsed, it would be ten times that. */
const largestAnswer = 16 * 1024 * 1024;

/**
 * Calls one endpoint once: no retries, since `eth_getLogs` has its own reading of every refusal.
 * Messages never hold the URL, which may hold a key.
 */
export function createRequest(address: string, fetcher: typeof fetch, timeoutMs = 60_000): Request {
  const { url, headers } = splitCredentials(new URL(address));
  let id = 0;
  return async (method, params) => {
    id += 1;
    const response = await fetcher(url, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: JSON.stringify({ jsonrpc: "2.0", id, method, params }),
      signal: AbortSignal.timeout(timeoutMs),
    }).catch((error: unknown) => {
      throw new RpcError({ message: `no answer to ${method}`, status: 503 }, error);
    });
    return resultOf(await parseBody(response, method), response.status);
  };
}

async function parseBody(response: Response, method: string): Promise<unknown> {
  const body: AsyncIterable<Uint8Array> = response.body ?? Readable.from([]);
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of body) {
      size += chunk.length;
      // Leaving the loop closes the connection.
      if (size > largestAnswer) throw new RpcError({ message: "Response is too big" });
      chunks.push(chunk);
    }
    return JSON.parse(Buffer.concat(chunks).toString());
  } catch (error) {
    if (error instanceof RpcError) throw error;
    const status = response.ok ? 503 : response.status;
    throw new RpcError({ message: `HTTP ${String(response.status)} without JSON at ${method}`, status }, error);
  }
}

/** Some servers say `"result": null` beside an error: the error counts. */
function resultOf(body: unknown, status: number): unknown {
  if (typeof body !== "object" || body === null) throw new RpcError({ message: "neither result nor error", status });
  if ("error" in body && body.error !== null && body.error !== undefined) throw errorOf(body.error, status);
  if (!("result" in body)) throw new RpcError({ message: "neither result nor error", status });
  return body.result;
}

function errorOf(error: unknown, status: number): RpcError {
  const told = typeof error === "object" && error !== null ? error : { message: String(error) };
  const message = "message" in told ? String(told.message) : "an error without a message";
  const code = "code" in told && typeof told.code === "number" ? { code: told.code } : {};
  return new RpcError({ message, ...code, ...(status === 200 ? {} : { status }) });
}

/** What the endpoint answered instead of a result. */
export class RpcError extends MetacoinError {
  override readonly code = "RPC";
  readonly refusal: Refusal;

  constructor(refusal: Refusal, cause?: unknown) {
    super(`The RPC endpoint answered: ${refusal.message}`, { cause });
    this.refusal = refusal;
  }
}
