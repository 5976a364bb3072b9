import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { buffer } from "node:stream/consumers";

/** A server in front of another, that sees every request before and after it is answered. */
export type Front = {
  readonly url: string;
  /** Resolves when nobody is connected: the processes that were are gone. */
  readonly deserted: () => Promise<void>;
  readonly close: () => Promise<void>;
};

export type Seen = { readonly method: string; readonly path: string; readonly body: Buffer };

/**
 * @param onRequest answers in place of the target where it returns a JSON value.
 * @param onAnswer runs between the target's answer and the client's.
 */
export async function startFront(
  target: string,
  onRequest: (seen: Seen) => unknown,
  onAnswer: (seen: Seen) => void | Promise<void> = () => undefined,
): Promise<Front> {
  const server = createServer((request, response) => {
    void (async () => {
      const seen = await see(request);
      const own = onRequest(seen);
      if (own !== undefined) {
        response.setHeader("content-type", "application/json").end(JSON.stringify(own));
        return;
      }
      const { "content-length": _, host: __, connection: ___, ...headers } = request.headers;
      const answer = await fetch(new URL(seen.path, target), {
        method: seen.method,
        headers: headers as Record<string, string>,
        ...(seen.body.length === 0 ? {} : { body: new Uint8Array(seen.body) }),
      });
      const bytes = Buffer.from(await answer.arrayBuffer());
      await onAnswer(seen);
      response.writeHead(answer.status, { "content-type": answer.headers.get("content-type") ?? "" }).end(bytes);
    })().catch(() => response.destroy());
  });
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${String(port)}`,
    async deserted() {
      const gone = (socket: Socket) => new Promise((resolve) => void socket.once("close", resolve));
      await Promise.all([...sockets].map(gone));
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

async function see(request: IncomingMessage): Promise<Seen> {
  return { method: request.method ?? "GET", path: request.url ?? "/", body: await buffer(request) };
}
