import { createApi } from "./api.ts";
import { ThrottledError, type Auth } from "./auth.ts";
import type { Files, Uploads } from "./core.ts";
import { admit } from "./guard.ts";
import { createPage } from "./page.ts";
import { sendError, type Handler } from "./respond.ts";

/**
 * What every request passes first: the guard, then the page and its API.
 *
 * @param names host names the server answers to, beside `localhost` and any IP address.
 * @returns a handler that says false for requests that are admitted and not its own.
 */
export function createFront({
  names = [],
  ...parts
}: {
  readonly files: Files;
  readonly uploads: Uploads;
  readonly auth: Auth;
  readonly names?: readonly string[];
}): Handler {
  const page = createPage();
  const api = createApi(parts);
  return async (request, response, url) => {
    try {
      admit(request, url.pathname, { auth: parts.auth, names });
      return (await page(request, response, url)) || (await api(request, response, url));
    } catch (error) {
      if (error instanceof ThrottledError) response.setHeader("retry-after", error.retryAfterS);
      sendError(response, error);
      return true;
    }
  };
}
