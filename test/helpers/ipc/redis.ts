import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { turn } from "./conformance.ts";

export const redisServer = "/usr/bin/redis-server";

/** A Redis of its own on a unix socket, nothing on disk. */
export type Redis = { readonly url: string; readonly path: string; restart(): Promise<void>; stop(): Promise<void> };

export async function startRedis(): Promise<Redis> {
  if (!existsSync(redisServer)) throw new Error(`${redisServer} is missing: apt-get install redis-server`);
  const folder = mkdtempSync(join(tmpdir(), "redis-"));
  const path = join(folder, "s");
  const args = ["--port", "0", "--unixsocket", path, "--save", "", "--appendonly", "no", "--dir", folder];
  const start = async (): Promise<ChildProcess> => {
    const started = spawn(redisServer, args, { stdio: "ignore" });
    while (!(await answers(path))) await turn();
    return started;
  };
  const kill = async () => {
    const exited = once(child, "exit");
    child.kill("SIGKILL");
    await exited;
  };
  let child = await start();
  return {
    url: `unix://${path}`,
    path,
    async restart() {
      await kill();
      child = await start();
    },
    async stop() {
      await kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function answers(path: string): Promise<boolean> {
  const socket = connect(path);
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
