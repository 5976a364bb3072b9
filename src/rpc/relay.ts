import { createServer } from "node:http";

import { isRecord, type Answer, type Rpc } from "./rpc.ts";

export type Relay = { readonly url: string; readonly close: () => Promise<void> };

/**
 * A JSON-RPC endpoint on loopback that passes every call to `rpc`: programs that take one URL get the retries and the
 * fail-over of our client, and never see a URL that holds a key.
 */
export async function startRelay(rpc: Rpc): Promise<Relay> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      void answer(rpc, Buffer.concat(chunks).toString()).then((body) => {
        response.setHeader("content-type", "application/json").end(JSON.stringify(body));
      });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${String(port)}`,
    async close() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

async function answer(rpc: Rpc, text: string): Promise<unknown> {
  const body: unknown = JSON.parse(text);
  const requests: readonly unknown[] = Array.isArray(body) ? body : [body];
  const calls = requests.map((item) => {
    const { method, params } = isRecord(item) ? item : {};
    return { method: String(method), params: Array.isArray(params) ? params : [] };
  });
  const answers = await rpc.send(calls).catch((error: unknown) => calls.map((): Answer => ({ error: toError(error) })));
  const bodies = answers.map((item, index) => {
    const request = requests[index];
    return { jsonrpc: "2.0", id: isRecord(request) ? request["id"] : null, ...item };
  });
  return Array.isArray(body) ? bodies : bodies[0];
}

function toError(error: unknown) {
  return { code: -32_603, message: error instanceof Error ? error.message : String(error) };
}
