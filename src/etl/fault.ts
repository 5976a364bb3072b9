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

/**
 * Calls a web service; what another try may mend is told apart by the error's name, which Retry matches.
 *
 * @throws {ThrottledError} at 429, {@link TransportError} where no answer came or it was 5xx.
 */
export async function call(fetcher: typeof fetch, url: URL, init: RequestInit, service: string): Promise<Response> {
  const response = await fetcher(url, init).catch((error: unknown) => {
    const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
    throw new TransportError(`${service} at ${url.origin} did not answer: ${messageOf(cause)}`);
  });
  if (response.status === 429) throw new ThrottledError(await describeAnswer(response, service));
  if (response.status >= 500) throw new TransportError(await describeAnswer(response, service));
  return response;
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
    return text === "" ? "no message" : text.slice(0, 200);
  }
}

class InvalidEventError extends MetacoinError {
  override readonly code = "INVALID_EVENT";
}

export class ThrottledError extends MetacoinError {
  override readonly code = "THROTTLED";
}

export class TransportError extends MetacoinError {
  override readonly code = "TRANSPORT";
}
