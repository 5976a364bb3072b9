import { z } from "zod";

import { MetacoinError } from "../errors.ts";
import { parseAnswer } from "./client-answer.ts";
import { createConnection, RefusedError, type Connection } from "./client-http.ts";
import { isLoopback } from "./exposure.ts";

const session = z.object({ open: z.boolean() });
const logIn = z.object({ token: z.string() });

export type ConnectOptions = {
  readonly base: URL;
  readonly parallel?: number;
  /** A token that the store issued; without it the password is asked for. Neither is sent where nothing is locked. */
  readonly token?: string | undefined;
  readonly askPassword: () => Promise<string>;
  readonly signal?: AbortSignal | undefined;
};

type Session = Connection & {
  /** Ends the session that this began, and the connections. */
  readonly end: () => Promise<void>;
};

/**
 * Opens a connection, logged in where the store has a password.
 *
 * @throws {PlainTextError} where a secret would cross a network without TLS.
 * @throws {RefusedError} where the password or the token is wrong.
 * @throws {UnreachableError}
 */
export async function connect(options: ConnectOptions): Promise<Session> {
  const { base, token } = options;
  const outside = createConnection({ ...options, token: undefined });
  if (await isOpen(outside, options)) return { ...outside, end: async () => outside.close() };
  if (base.protocol !== "https:" && !isLoopback(base.hostname))
    throw new PlainTextError(`${base.host} wants a log-in, and anybody on the way could read it`, {
      hint: `Use https://${base.host}, or a tunnel: ssh -L 8080:localhost:8080 ${base.hostname}`,
    });
  const secret = token ?? (await openSession(outside, options));
  outside.close();
  const inside = createConnection({ ...options, token: secret });
  if (token === undefined) return { ...inside, end: () => endSession(inside) };
  if (await isOpen(inside, options)) return { ...inside, end: async () => inside.close() };
  inside.close();
  throw new RefusedError(`${base.host} does not know the token in UPLOAD_TOKEN`, {
    status: 401,
    code: "LOG_IN",
    hint: "A new password ends all tokens. To make another: npx hardhat upload passwd --token-file FILE",
  });
}

async function isOpen(connection: Connection, { signal }: ConnectOptions): Promise<boolean> {
  return parseAnswer(session, await connection.ask({ method: "GET", path: "/api/session", signal })).open;
}

async function openSession(connection: Connection, { askPassword, signal }: ConnectOptions): Promise<string> {
  const body = Buffer.from(JSON.stringify({ password: await askPassword(), bearer: true }));
  const headers = { "content-type": "application/json" };
  return parseAnswer(logIn, await connection.ask({ method: "POST", path: "/api/session", headers, body, signal }))
    .token;
}

async function endSession(connection: Connection): Promise<void> {
  // Where the server is gone it ends by itself.
  await connection.ask({ method: "DELETE", path: "/api/session" }).catch(() => undefined);
  connection.close();
}

export class PlainTextError extends MetacoinError {
  override readonly code = "PLAIN_TEXT";
}
