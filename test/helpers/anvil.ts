import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";

export type Anvil = {
  readonly url: string;
  readonly request: (method: string, ...params: readonly unknown[]) => Promise<unknown>;
  readonly stop: () => Promise<void>;
};

/** A real second client on a free port: anvil with the chain id of Sepolia. */
export async function startAnvil(args: readonly string[] = [], { chainId = 11155111 } = {}): Promise<Anvil> {
  const child = spawn("anvil", ["--port", "0", "--chain-id", String(chainId), ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const url = await Promise.race([
    readUrl(child),
    once(child, "error").then(([error]) => {
      throw new Error("anvil is not there: npm run setup", { cause: error });
    }),
  ]);
  return {
    url,
    request: (method, ...params) => request(url, method, params),
    async stop() {
      if (child.exitCode !== null) return;
      child.kill("SIGKILL");
      await once(child, "exit");
    },
  };
}

/** The receipt of a transaction; anvil mines it after it has answered who sent it. */
export async function receiptOf(anvil: Anvil, hash: unknown): Promise<Readonly<Record<string, unknown>>> {
  for (;;) {
    const receipt = await anvil.request("eth_getTransactionReceipt", hash);
    if (receipt !== null) return receipt as Readonly<Record<string, unknown>>;
    await sleep(20);
  }
}

async function readUrl(child: ChildProcess): Promise<string> {
  if (child.stdout === null) throw new Error("anvil has no output");
  for await (const line of createInterface({ input: child.stdout })) {
    const address = /^Listening on (.*)$/u.exec(line)?.[1];
    if (address === undefined) continue;
    // Its pipe must not fill up.
    child.stdout.resume();
    return `http://${address}`;
  }
  throw new Error("anvil ended before it listened");
}

/** One JSON-RPC call, with nothing in between. */
export async function request(url: string, method: string, params: readonly unknown[]): Promise<unknown> {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
  });
  const { result, error } = (await response.json()) as { result?: unknown; error?: { message: string } };
  if (error !== undefined) throw new Error(`${method}: ${error.message}`);
  return result;
}
