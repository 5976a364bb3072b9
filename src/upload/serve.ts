import { once } from "node:events";
import { isIPv6 } from "node:net";

import { messageOf } from "../errors.ts";
import { StoreError } from "./failures.ts";
import { createUploadServer, type UploadServerOptions } from "./server.ts";

export type Serving = {
  /** Where it listens, such as `http://127.0.0.1:8081`. */
  readonly url: string;
  /** Ends the connections; what they brought is kept. The store stays open. */
  readonly close: () => Promise<void>;
};

const sweepMs = 60_000;

/**
 * Listens, and removes expired uploads once a minute.
 *
 * @param port 0 for any that is free.
 * @throws {StoreError} where it cannot listen.
 */
export async function startServing({
  host,
  port,
  ...options
}: UploadServerOptions & { readonly host: string; readonly port: number }): Promise<Serving> {
  const { store, log = () => undefined } = options;
  const working = new Set<Promise<void>>();
  const onWork = (work: Promise<void>) => {
    working.add(work);
    void work.finally(() => working.delete(work));
  };
  const server = createUploadServer({ ...options, onWork });
  server.listen({ host, port });
  await once(server, "listening").catch((cause: unknown) => {
    throw new StoreError(`${host}:${String(port)} cannot be listened on: ${messageOf(cause)}`, {
      hint: "Choose another: --port 0 takes any that is free.",
      cause,
    });
  });
  const sweep = setInterval(() => {
    store.expire().then(
      (ids) => ids.length > 0 && log("info", `${String(ids.length)} idle uploads expired`),
      (error: unknown) => log("error", `expiry failed: ${messageOf(error)}`),
    );
  }, sweepMs).unref();
  const address = server.address();
  const bound = typeof address === "object" && address !== null ? address.port : port;
  const scheme = options.tls === undefined ? "http" : "https";
  return {
    url: `${scheme}://${isIPv6(host) ? `[${host}]` : host}:${String(bound)}`,
    close: async () => {
      clearInterval(sweep);
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
      // What came before the end is still being written and recorded.
      await Promise.all(working);
    },
  };
}
