import { MetacoinError, messageOf } from "../errors.ts";

export type Posted = { readonly status: number; readonly json: unknown };

type PostOptions = {
  /** The endpoint's place in the user's list: messages never hold the URL, which may hold a key. */
  readonly place: number;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
};

/**
 * Posts one JSON body and reads the JSON answer.
 *
 * A 4xx status with a JSON body is an answer (some nodes put errors there); 408, 425, 429 and 5xx are faults.
 *
 * @throws {BadEndpointError} on timeout, a broken connection, a status that asks to come back, or a body that is no JSON.
 */
export async function post(url: string, body: unknown, { place, timeoutMs, signal }: PostOptions): Promise<Posted> {
  const timeout = AbortSignal.timeout(Math.ceil(timeoutMs));
  try {
    const response = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
      signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
    });
    const text = await response.text();
    if (isTransient(response.status)) {
      throw new BadEndpointError(place, `HTTP ${String(response.status)}`, {
        retryAfterMs: readRetryAfter(response.headers.get("retry-after")),
      });
    }
    return { status: response.status, json: parse(text, place, response.status) };
  } catch (error) {
    if (error instanceof BadEndpointError) throw error;
    signal?.throwIfAborted();
    const what = timeout.aborted ? `no answer within ${String(Math.ceil(timeoutMs))} ms` : describeBroken(error);
    throw new BadEndpointError(place, what);
  }
}

function isTransient(status: number): boolean {
  return status === 408 || status === 425 || status === 429 || status >= 500;
}

function parse(text: string, place: number, status: number): unknown {
  try {
    return JSON.parse(text);
  } catch {
    const permanent = status === 401 || status === 403 || status === 404;
    throw new BadEndpointError(place, `HTTP ${String(status)} with a body that is no JSON`, { permanent });
  }
}

/** RFC 9110, 10.2.3: seconds, or a date. */
function readRetryAfter(header: string | null): number | undefined {
  if (header === null) return undefined;
  const seconds = Number(header);
  const ms = Number.isNaN(seconds) ? Date.parse(header) - Date.now() : seconds * 1_000;
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(0, ms), 60_000);
}

/** fetch wraps the cause ("ECONNREFUSED") in "fetch failed"; the URL is in neither. */
function describeBroken(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  if (cause instanceof Error && "code" in cause && typeof cause.code === "string")
    return `connection failed (${cause.code})`;
  return `connection failed (${error instanceof TypeError ? "fetch failed" : messageOf(error)})`;
}

type BadEndpointFacts = { readonly retryAfterMs?: number | undefined; readonly permanent?: boolean };

/** An endpoint did not answer, or asked to come back later. */
export class BadEndpointError extends MetacoinError {
  override readonly code = "BAD_ENDPOINT";
  readonly retryAfterMs: number | undefined;
  /** Trying this endpoint again cannot help. */
  readonly permanent: boolean;

  constructor(place: number, what: string, { retryAfterMs, permanent = false }: BadEndpointFacts = {}) {
    super(`Endpoint ${String(place)}: ${what}`, {
      hint: "Check the URL variable of the network in .env: npx hardhat doctor --network NAME",
    });
    this.retryAfterMs = retryAfterMs;
    this.permanent = permanent;
  }
}
