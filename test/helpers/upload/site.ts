import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { openAuth, type Auth } from "../../../src/upload/auth.ts";
import type { Store } from "../../../src/upload/core.ts";
import { createFront } from "../../../src/upload/front.ts";
import type { Handler } from "../../../src/upload/respond.ts";
import { createUploadServer, type UploadServerOptions } from "../../../src/upload/server.ts";
import { openStore } from "../../../src/upload/store.ts";

/** A real server with its page on a free port, over a store in a temporary folder. */
export type Site = {
  readonly url: string;
  readonly dir: string;
  readonly auth: Auth;
  readonly store: Store;
  /** Bodies of uploads that are let through from now on; the others wait for the next call. */
  readonly letThrough: (count: number) => void;
  /** Bodies that wait. */
  readonly held: () => number;
  /** Ends those that wait, unread: what a dead client had sent may still stand in the buffers of the system. */
  readonly dropHeld: () => void;
  /** Bodies that came, and how many at once at most. */
  readonly counts: { readonly bodies: number; readonly most: number };
  /** Ends every connection and the store, and begins again on the same port. */
  readonly restart: () => Promise<void>;
  readonly close: () => Promise<void>;
};

type Options = Pick<UploadServerOptions, "rate" | "log"> & { readonly names?: readonly string[] };

export async function startSite(options: Options = {}): Promise<Site> {
  const dir = await mkdtemp(join(tmpdir(), "upload-site-"));
  const gate = createGate();
  let running = await start(dir, 0, gate.handle, options);
  const { port } = running;
  return {
    url: `http://127.0.0.1:${String(port)}/`,
    dir,
    get auth() {
      return running.auth;
    },
    get store() {
      return running.store;
    },
    letThrough: (count) => gate.letThrough(count),
    held: () => gate.held(),
    dropHeld: () => gate.drop(),
    counts: gate.counts,
    async restart() {
      gate.drop();
      await running.stop();
      running = await start(dir, port, gate.handle, options);
    },
    async close() {
      gate.drop();
      await running.stop();
      await rm(dir, { recursive: true });
    },
  };
}

async function start(dir: string, port: number, gate: Handler, options: Options) {
  const store = await openStore({ dir, reserve: 0 });
  // The clock stands still: a slow machine must not let a throttle run out.
  const begun = Date.now();
  const auth = openAuth({ dir, now: () => begun });
  const front = createFront({ ...options, files: store.files, uploads: store.uploads, auth });
  const server = createUploadServer({ ...options, store, handlers: [front, gate] });
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  const address: AddressInfo | string | null = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return {
    auth,
    store,
    port: address.port,
    async stop() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
      await store.close();
      auth.close();
    },
  };
}

/** Holds requests that carry bytes of a file, before their body is read. */
function createGate() {
  const waiting: ((go: boolean) => void)[] = [];
  const counts = { bodies: 0, running: 0, most: 0 };
  let open = Number.POSITIVE_INFINITY;
  const handle: Handler = async (request, response, { pathname }) => {
    const carries = (request.method === "POST" && pathname === "/upload") || request.method === "PUT";
    if (!carries) return false;
    counts.bodies += 1;
    counts.running += 1;
    counts.most = Math.max(counts.most, counts.running);
    response.on("close", () => (counts.running -= 1));
    if (open > 0) {
      open -= 1;
      return false;
    }
    const go = await new Promise<boolean>((resolve) => waiting.push(resolve));
    if (!go) request.destroy();
    return !go;
  };
  const letThrough = (count: number) => {
    const freed = waiting.splice(0, count);
    open = count - freed.length;
    for (const free of freed) free(true);
  };
  const drop = () => {
    for (const free of waiting.splice(0)) free(false);
  };
  return { handle, letThrough, drop, counts, held: () => waiting.length };
}
