import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { join } from "node:path";

import { UsageError } from "../../errors.ts";
import { type Endpoint, type Limits, type Peer, ProtocolError } from "../contract.ts";
import { socketPath } from "../endpoint.ts";
import { listenOwned, type Ownership } from "../own.ts";
import { peerOf } from "../peer.ts";

/** The dialects of `--transport rpc`. */
const protocols = ["json", "http", "rest", "xml", "grpc"] as const;

export type Protocol = (typeof protocols)[number];

/** A unix socket (a named pipe on Windows), or TCP. */
export type Address = { readonly path: string } | { readonly host: string; readonly port: number };

/** @throws {UsageError} on a protocol that does not exist. */
export function protocolOf({ protocol = "json" }: Endpoint): Protocol {
  const known = protocols.find((name) => name === protocol);
  if (known !== undefined) return known;
  throw new UsageError(`rpc has no protocol "${protocol}"`, { hint: `There are ${protocols.join(", ")}` });
}

/**
 * Where a protocol listens by default: a socket in the endpoint's folder.
 *
 * @throws {UsageError} for TCP without a key, which every user of the machine could use.
 */
export function addressOf(endpoint: Endpoint, key: Buffer | undefined): Address {
  const { folder, path, host = "127.0.0.1", port } = endpoint;
  const protocol = protocolOf(endpoint);
  if (port === undefined) return { path: socketPath(path ?? join(folder, `rpc-${protocol}.sock`)) };
  if (protocol === "json")
    throw new UsageError("Bare JSON-RPC has no place for a key, so it is served on a unix socket alone", {
      hint: "Use --protocol http for a port",
    });
  if (key === undefined)
    throw new UsageError("TCP is open to every user of this machine, so it needs a key", {
      hint: "Add --key-file FILE",
    });
  return { host, port };
}

/** What an address is called in messages, and where a URL needs a host. */
export function nameOf(address: Address): string {
  return "path" in address ? address.path : `${address.host}:${String(address.port)}`;
}

/** A server's own end of an address. */
export type Bound = {
  readonly address: string;
  /**
   * Takes no more connections, lets `drain` answer and close those it knows, cuts off the others (who never said a word)
   * and those that take longer than five seconds, then frees the address.
   */
  close(drain: () => Promise<void>): Promise<void>;
};

type BindOptions = {
  readonly limits: Limits;
  readonly onConnection: (socket: Socket, peer: Peer) => void;
  readonly onFault?: ((fault: Error) => void) | undefined;
};

/** How long a stopping server waits for clients to read their replies, in milliseconds. */
const graceMs = 5000;

/** Listens, on a unix socket for this user alone. */
export async function bind(address: Address, { limits, onConnection, onFault }: BindOptions): Promise<Bound> {
  const server = createServer({ allowHalfOpen: true, noDelay: true });
  server.maxConnections = limits.maxConnections;
  const sockets = new Set<Socket>();
  const cut = ({ silent }: { readonly silent: boolean }) => {
    for (const socket of sockets) if (!silent || socket.bytesRead === 0) socket.destroy();
  };
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", (error) => onFault?.(error));
    const peer = peerOf(socket);
    if (peer.uid === undefined || peer.uid === process.geteuid?.()) return onConnection(socket, peer);
    socket.destroy();
    return onFault?.(new ProtocolError(`User ${String(peer.uid)} may not connect`));
  });
  let ownership: Ownership | undefined;
  if ("path" in address) ownership = await listenOwned(server, address.path);
  else {
    server.listen(address);
    await once(server, "listening");
  }
  const bound = server.address();
  return {
    address: typeof bound === "object" && bound !== null ? `${bound.address}:${String(bound.port)}` : String(bound),
    async close(drain) {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      const late = setTimeout(() => cut({ silent: false }), graceMs);
      await drain();
      cut({ silent: true });
      await closed;
      clearTimeout(late);
      ownership?.release();
    },
  };
}
