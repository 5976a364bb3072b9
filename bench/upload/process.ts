import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createInterface } from "node:readline";

export type Measured = {
  readonly url: string;
  /** CPU seconds, of all threads, so far. */
  readonly cpuS: () => Promise<number>;
  /** The most memory it ever had; MiB. */
  readonly peakMiB: () => Promise<number>;
  readonly end: () => Promise<void>;
};

const ticks = 100;

/** Starts a server that prints its URL, and waits until it answers. Linux: reads /proc. */
export async function startMeasured(command: string, args: readonly string[]): Promise<Measured> {
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "ignore"] });
  const ended = once(child, "exit");
  const [url] = await Promise.race([
    once(createInterface({ input: child.stdout }), "line"),
    ended.then(() => Promise.reject(new Error(`${command} ${args.join(" ")} ended`))),
  ]);
  while (!(await answers(url)));
  const proc = (name: string) => readFile(`/proc/${String(child.pid)}/${name}`, "utf8");
  return {
    url,
    cpuS: async () => {
      const fields = (await proc("stat")).replace(/^.*\) /u, "").split(" ");
      return (Number(fields[11]) + Number(fields[12])) / ticks;
    },
    peakMiB: async () => Number(/VmHWM:\s+(\d+)/u.exec(await proc("status"))?.[1]) / 1024,
    end: async () => {
      child.kill("SIGKILL");
      await ended;
    },
  };
}

async function answers(url: string): Promise<boolean> {
  return fetch(url).then(
    async (response) => {
      await response.arrayBuffer();
      return true;
    },
    () => false,
  );
}
