import { z } from "zod";

import { parseAnswer } from "./client-answer.ts";
import { createConnection, type Connection } from "./client-http.ts";

const session = z.object({ password: z.boolean(), open: z.boolean() });
const logIn = z.object({ token: z.string() });

export type ConnectOptions = {
  readonly base: URL;
  readonly parallel?: number;
  /** A token that the store issued; otherwise the password is asked for where the store has one. */
  readonly token?: string | undefined;
  readonly askPassword: () => Promise<string>;
  readonly signal?: AbortSignal | undefined;
};

/**
 * Opens a connection, logged in where the store has a password; `close` ends the session that this began.
 *
 * @throws {UnreachableError} @throws {RefusedError} where the password is wrong.
 */
export async function connect(options: ConnectOptions): Promise<Connection & { readonly end: () => Promise<void> }> {
  const { token, askPassword, signal } = options;
  const connection = createConnection(options);
  const { open } = parseAnswer(session, await connection.ask({ method: "GET", path: "/api/session", signal }));
  if (open || token !== undefined) return { ...connection, end: async () => connection.close() };
  const made = parseAnswer(
    logIn,
    await connection.ask({
      method: "POST",
      path: "/api/session",
      headers: { "content-type": "application/json" },
      body: Buffer.from(JSON.stringify({ password: await askPassword(), bearer: true })),
      signal,
    }),
  );
  connection.close();
  const inside = createConnection({ ...options, token: made.token });
  return {
    ...inside,
    async end() {
      // It ends by itself where the server is gone.
      await inside.ask({ method: "DELETE", path: "/api/session" }).catch(() => undefined);
      inside.close();
    },
  };
}
