import { createInterface } from "node:readline";

import type { Project, Running } from "../project.ts";

export type ServeCommand = Running & { readonly url: string; readonly port: string };

/** `hardhat upload serve` in a process of its own, listening. */
export async function startServe(
  project: Project,
  { port = "0", args = [] }: { readonly port?: string; readonly args?: readonly string[] } = {},
): Promise<ServeCommand> {
  const running = project.start(["upload", "serve", "--port", port, "--reserve", "0", ...args]);
  const { stdout } = running.child;
  if (stdout === null) throw new Error("The server has no output");
  for await (const line of createInterface({ input: stdout })) {
    const url = /^Serving .* at (https?:\S+)$/u.exec(line)?.[1];
    if (url === undefined) continue;
    // Its pipe must not fill up.
    stdout.resume();
    return { ...running, url, port: new URL(url).port };
  }
  throw new Error((await running.finished).stderr);
}

/** kill -9, and the end of it. */
export async function killHard({ child, finished }: Running): Promise<void> {
  child.kill("SIGKILL");
  await finished;
}
