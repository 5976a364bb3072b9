import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export type Stub = { readonly url: string; readonly close: () => Promise<void> };

/** A loopback HTTP server. */
export async function serveStub(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<Stub> {
  const server = createServer(answer).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${String(port)}`,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

export const newsKey = "0123456789abcdef-news-key";

/** The News API as far as the pipeline knows it: the sample for the right key. */
export async function serveNews(): Promise<Stub> {
  const sample = await readFile(new URL("../../../src/etl/headlines/sample.json", import.meta.url));
  return serveStub((request, response) => {
    response.setHeader("content-type", "application/json");
    if (request.headers["x-api-key"] === newsKey) response.end(sample);
    else
      response
        .writeHead(401)
        .end(JSON.stringify({ status: "error", code: "apiKeyInvalid", message: "Your API key is invalid." }));
  });
}
