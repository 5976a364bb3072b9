import { once } from "node:events";
import type { ListenOptions as NetOptions, Server } from "node:net";

import { messageOf, UsageError } from "../errors.ts";
import { type Endpoint, EndpointBusyError } from "./contract.ts";
import { socketPath } from "./endpoint.ts";
import { listenOwned } from "./own.ts";

/** A unix socket (a named pipe on Windows), or TCP. */
export type Address = { readonly path: string } | { readonly host: string; readonly port: number };

/**
 * The port that an endpoint names, on loopback by default; `path` where it names none.
 *
 * @throws {UsageError} for TCP without a key, which every user of the machine could use.
 */
export function addressOf({ host = "127.0.0.1", port }: Endpoint, key: Buffer | undefined, path: string): Address {
  if (port === undefined) return { path: socketPath(path) };
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

/**
 * Binds a server: a unix socket for this user alone, over whatever a dead server left there, or a port.
 *
 * @returns its name, and what frees it once the server has closed.
 * @throws {EndpointBusyError} when somebody else has it.
 */
export async function bindServer(
  server: Server,
  address: Address,
  options: NetOptions = {},
): Promise<{ readonly name: string; readonly release: () => void }> {
  if ("path" in address) {
    const { release } = await listenOwned(server, address.path, options);
    return { name: address.path, release };
  }
  const { host, port } = address;
  return { name: nameOf({ host, port: await listenOnPort(server, host, port) }), release: () => undefined };
}

/**
 * Binds a server to a TCP port.
 *
 * @returns the port, the free one that was found for 0.
 * @throws {EndpointBusyError} when it is taken, or not for this user.
 */
export async function listenOnPort(server: Server, host: string, port: number): Promise<number> {
  server.listen(port, host);
  try {
    await once(server, "listening");
  } catch (error) {
    throw new EndpointBusyError(`Port ${String(port)} of ${host} cannot be had: ${messageOf(error)}`, {
      cause: error,
      hint: "Choose another one with --port; 0 takes a free one",
    });
  }
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : port;
}
