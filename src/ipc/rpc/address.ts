import { createServer, type Socket } from "node:net";
import { join } from "node:path";

import { UsageError } from "../../errors.ts";
import { type Address, addressOf, bindServer } from "../address.ts";
import type { Endpoint, Limits, Peer } from "../contract.ts";
import { peerOf, strangerFault } from "../peer.ts";

/** The dialects of `--transport rpc`. */
const protocols = ["json", "http", "rest", "xml", "grpc"] as const;

export type Protocol = (typeof protocols)[number];

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
export function whereOf(endpoint: Endpoint, key: Buffer | undefined): Address {
  const { folder, path, port } = endpoint;
  const protocol = protocolOf(endpoint);
  if (port !== undefined && protocol === "json")
    throw new UsageError("Bare JSON-RPC has no place for a key, so it is served on a unix socket alone", {
      hint: "Use --protocol http for a port",
    });
  return addressOf(endpoint, key, path ?? join(folder, `rpc-${protocol}.sock`));
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
    const stranger = strangerFault(peer);
    if (stranger === undefined) return onConnection(socket, peer);
    socket.destroy();
    return onFault?.(stranger);
  });
  const bound = await bindServer(server, address, { backlog: limits.maxConnections });
  return {
    address: bound.name,
    async close(drain) {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      const late = setTimeout(() => cut({ silent: false }), graceMs);
      await drain();
      cut({ silent: true });
      await closed;
      clearTimeout(late);
      bound.release();
    },
  };
}
