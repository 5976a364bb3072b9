import { UsageError } from "../../src/errors.ts";

/** How long a client goes on trying without any progress: a server has restarted by then. */
export const patienceMs = 5 * 60_000;

/** @throws {UsageError} where it is no URL of a server. */
export function parseServer(text: string, example = "--to http://127.0.0.1:8080"): URL {
  const url = URL.parse(text);
  if (url !== null && /^https?:$/u.test(url.protocol) && url.username === "" && url.password === "") return url;
  throw new UsageError("The server is an http:// or https:// URL without a user name", {
    hint: `Such as ${example}`,
  });
}
