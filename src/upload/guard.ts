import type { IncomingMessage } from "node:http";
import { isIP } from "node:net";

import type { Auth } from "./auth.ts";
import { BadRequestError, ForbiddenError, UploadError } from "./failures.ts";

const safeMethods = new Set(["GET", "HEAD", "OPTIONS"]);
/** What a visitor needs before the log-in, and what a watchdog asks. */
const open = new Set([
  "GET /",
  "GET /page.js",
  "GET /page.css",
  "GET /api/session",
  "POST /api/session",
  "GET /healthz",
]);

export const sessionCookie = "metacoin-upload";

/**
 * Admits a request, before any of its body is read: a known Host (a foreign name that resolves here is DNS rebinding),
 * nothing unsafe that another site's page sent, and a session where the store has a password.
 *
 * @param names host names the server answers to, beside `localhost` and any IP address.
 * @throws {BadRequestError}
 * @throws {ForbiddenError}
 * @throws {LogInError}
 */
export function admit(
  request: IncomingMessage,
  path: string,
  { auth, names }: { auth: Auth; names: readonly string[] },
): void {
  const { method = "GET", headers } = request;
  const host = hostName(headers.host);
  if (host === undefined) throw new BadRequestError("The Host header is missing or malformed.");
  if (isIP(host) === 0 && host !== "localhost" && !names.some((name) => isNamed(host, name)))
    throw new ForbiddenError(`This server does not answer to the name ${host}.`);
  // tus clients that cannot send PATCH or DELETE name them in a header of a request that looks harmless.
  const meant = String(headers["x-http-method-override"] ?? method).toUpperCase();
  if (!(safeMethods.has(method) && safeMethods.has(meant)) && isCrossSite(request))
    throw new ForbiddenError("Another site may not change anything here.");
  const known = method === "HEAD" ? "GET" : method;
  if (!open.has(`${known} ${path}`) && !auth.accepts(tokenOf(request))) throw new LogInError("This needs a log-in.");
}

/** `*.example.org`, as in a certificate, stands for one label. */
function isNamed(host: string, name: string): boolean {
  return name.startsWith("*.") ? host.slice(Math.max(0, host.indexOf("."))) === name.slice(1) : host === name;
}

/** The secret a request carries: a bearer token, otherwise the session cookie. */
export function tokenOf({ headers }: IncomingMessage): string | undefined {
  const [, bearer] = /^Bearer ([\w-]{1,128})$/iu.exec(headers.authorization ?? "") ?? [];
  if (bearer !== undefined) return bearer;
  const prefix = `${sessionCookie}=`;
  const cookies = (headers.cookie ?? "").split(";").map((cookie) => cookie.trim());
  return cookies.find((cookie) => cookie.startsWith(prefix))?.slice(prefix.length);
}

/** Every browser of today says where an unsafe request comes from; programs that are not browsers say nothing. */
function isCrossSite({ headers }: IncomingMessage): boolean {
  const site = headers["sec-fetch-site"];
  if (site !== undefined) return site !== "same-origin" && site !== "none";
  const { origin, host } = headers;
  return origin !== undefined && URL.parse(origin)?.host !== host?.toLowerCase();
}

/** The name or the address in a Host header, without port and brackets. */
function hostName(host: string | undefined): string | undefined {
  if (host === undefined || !/^[\w.:[\]-]+$/u.test(host)) return undefined;
  const name = URL.parse(`http://${host}`)?.hostname;
  return name === "" ? undefined : name?.replace(/^\[(.*)\]$/u, "$1");
}

/** No session, or one that has ended. */
class LogInError extends UploadError {
  override readonly code = "LOG_IN";
  override readonly status = 401;
}
