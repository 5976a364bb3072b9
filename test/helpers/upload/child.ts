import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/** A server in a process of its own. */
export type ServerChild = { readonly url: string; readonly kill: () => Promise<void> };

const program = fileURLToPath(new URL("../../fixtures/upload/serve.ts", import.meta.url));

/** Starts it on this folder; `kill` is kill -9, and waits for the end. */
export async function spawnServer(dir: string): Promise<ServerChild> {
  const child = spawn(process.execPath, [program, dir], { stdio: ["ignore", "pipe", "inherit"] });
  const ended = once(child, "exit");
  const [url] = await Promise.race([
    once(createInterface({ input: child.stdout }), "line"),
    ended.then(([code]) => Promise.reject(new Error(`The server ended with ${String(code)}`))),
  ]);
  return {
    url,
    kill: async () => {
      child.kill("SIGKILL");
      await ended;
    },
  };
}
