import { createServer, type Server } from "node:http";

import type { Store } from "./core.ts";
import { NotFoundError } from "./failures.ts";
import { sendError, type Handler } from "./respond.ts";

export type UploadServerOptions = {
  readonly store: Store;
  /** Asked first, before any byte of a body is read: Host, Origin, log-in. True: it refused and has answered. */
  readonly guard?: Handler;
  /** The page and the JSON API, asked in this order before the protocols. */
  readonly handlers?: readonly Handler[];
};

/** The HTTP server of a store; the caller listens and closes. */
export function createUploadServer({ guard, handlers = [] }: UploadServerOptions): Server {
  return createServer((request, response) => {
    void (async () => {
      const url = new URL(request.url ?? "/", "http://localhost");
      for (const handle of guard === undefined ? handlers : [guard, ...handlers])
        if (await handle(request, response, url)) return;
      sendError(response, new NotFoundError("There is nothing here."));
    })();
  });
}
