import { createServer, type IncomingMessage, request, Agent, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

export type CountingProxy = {
  readonly url: string;
  /** HTTP requests so far; a batch is one. */
  readonly calls: () => number;
  readonly close: () => void;
};

/** Passes everything on to `target` as it is, `latencyMs` later, and counts. */
export async function startCountingProxy(target: string, latencyMs: number): Promise<CountingProxy> {
  const agent = new Agent({ keepAlive: true });
  let calls = 0;
  const server = createServer((incoming, outgoing) => {
    calls += 1;
    void pass(incoming, outgoing);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;

  async function pass(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    if (latencyMs > 0) await sleep(latencyMs);
    const { method, headers } = incoming;
    const onward = request(target, { agent, method, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    onward.on("error", () => outgoing.destroy());
    incoming.pipe(onward);
  }

  return {
    url: `http://127.0.0.1:${String(port)}`,
    calls: () => calls,
    close() {
      server.closeAllConnections();
      server.close();
      agent.destroy();
    },
  };
}
