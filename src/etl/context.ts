import { setTimeout as sleep } from "node:timers/promises";

import type { HandlerContext, HandlerProgress } from "./handler.ts";
import { openStore } from "./store.ts";

/** What a handler is given, from its process's environment; `DATA_URL` says where its store is. */
export function createContext(
  env: Readonly<Record<string, string | undefined>>,
  progress: (progress: HandlerProgress) => void,
): HandlerContext {
  return {
    env,
    get store() {
      return openStore(env["DATA_URL"] ?? "file:///tmp/etl/");
    },
    fetch: globalThis.fetch,
    sleep: async (ms) => {
      await sleep(ms);
    },
    progress,
  };
}
