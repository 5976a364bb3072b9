import { messageOf } from "../errors.ts";
import { createApi } from "./api.ts";
import { ThrottledError, type Auth } from "./auth.ts";
import type { Files, Uploads } from "./core.ts";
import { admit } from "./guard.ts";
import type { Log } from "./log.ts";
import { quote } from "./names.ts";
import { createPage } from "./page.ts";
import type { Rate } from "./receive.ts";
import { sendError, statusOf, type Handler } from "./respond.ts";

/**
 * What every request passes first: the guard, then the page and its API.
 *
 * @param names host names the server answers to, beside `localhost` and any IP address.
 * @returns a handler that says false for requests that are admitted and not its own.
 */
export function createFront({
  names = [],
  log = () => undefined,
  ...parts
}: {
  readonly files: Files;
  readonly uploads: Uploads;
  readonly auth: Auth;
  readonly names?: readonly string[];
  readonly log?: Log;
  /** The slowest a body may come. */
  readonly rate?: Rate;
}): Handler {
  const page = createPage();
  const api = createApi(parts);
  return async (request, response, url) => {
    try {
      admit(request, url.pathname, { auth: parts.auth, names });
      return (await page(request, response, url)) || (await api(request, response, url));
    } catch (error) {
      const status = statusOf(error);
      const what = `${request.method ?? ""} ${quote(url.pathname)} of ${request.socket.remoteAddress ?? "nobody"}`;
      log(status >= 500 ? "error" : "warn", `${what} refused with ${String(status)}: ${messageOf(error)}`);
      if (error instanceof ThrottledError) response.setHeader("retry-after", error.retryAfterS);
      sendError(response, error);
      return true;
    }
  };
}
