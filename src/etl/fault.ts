import { unescape } from "node:querystring";

import * as z from "zod";

import { MetacoinError, messageOf } from "../errors.ts";

/**
 * Reads an event.
 *
 * @throws {InvalidEventError} with the place of each fault.
 */
export function parseEvent<Schema extends z.ZodType>(schema: Schema, event: unknown): z.infer<Schema> {
  const { success, data, error } = schema.safeParse(event);
  if (!success) throw new InvalidEventError(z.prettifyError(error));
  return data;
}

type Init = Omit<RequestInit, "headers"> & { readonly headers?: Readonly<Record<string, string>> };

/**
 * Calls a web service; what another try may mend is told apart by the error's name, which Retry matches.
 *
 * @throws {ThrottledError} at 429, {@link TransportError} where no answer came or it was 5xx.
 */
export async function call(fetcher: typeof fetch, address: URL, init: Init, service: string): Promise<Response> {
  const { url, headers } = splitCredentials(address);
  const response = await fetcher(url, { ...init, headers: { ...headers, ...init.headers } }).catch((error: unknown) => {
    const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
    throw new TransportError(`${service} at ${url.origin} did not answer: ${messageOf(cause)}`);
  });
  if (response.status === 429) throw new ThrottledError(await describeAnswer(response, service));
  if (response.status >= 500) throw new TransportError(await describeAnswer(response, service));
  return response;
}

/** `https://me:password@host/` as fetch takes it: it refuses such an address, and repeats it in its message. */
export function splitCredentials(address: URL): { readonly url: URL; readonly headers: Record<string, string> } {
  const { username, password } = address;
  if (username === "" && password === "") return { url: address, headers: {} };
  const url = new URL(address);
  url.username = "";
  url.password = "";
  const credentials = Buffer.from(`${unescape(username)}:${unescape(password)}`).toString("base64");
  return { url, headers: { authorization: `Basic ${credentials}` } };
}

/** The JSON of an answer. @throws {NoJsonError} */
export async function readJson(response: Response, service: string): Promise<unknown> {
  try {
    return await response.json();
  } catch {
    throw new NoJsonError(`${service} answered ${String(response.status)}, but no JSON: is this its address?`);
  }
}

/** Status and message of an answer that is none. */
export async function describeAnswer(response: Response, service: string): Promise<string> {
  const text = await response.text().catch(() => "");
  return `${service} answered ${[String(response.status), response.statusText].join(" ").trim()}: ${messageIn(text)}`;
}

const worded = z.union([
  z.object({ message: z.string() }).transform(({ message }) => message),
  z.object({ error: z.object({ message: z.string() }) }).transform(({ error }) => error.message),
]);

function messageIn(text: string): string {
  try {
    return worded.parse(JSON.parse(text));
  } catch {
    return text === "" ? "no message" : shorten(text);
  }
}

/** Cut between words: half a key that the service repeats could not be told from a word any more. */
function shorten(text: string): string {
  return text.length <= 200 ? text : `${text.slice(0, 200).replace(/[\w%+/=.~-]*$/u, "")}…`;
}

class InvalidEventError extends MetacoinError {
  override readonly code = "INVALID_EVENT";
}

class NoJsonError extends MetacoinError {
  override readonly code = "NO_JSON";
}

export class ThrottledError extends MetacoinError {
  override readonly code = "THROTTLED";
}

export class TransportError extends MetacoinError {
  override readonly code = "TRANSPORT";
}
