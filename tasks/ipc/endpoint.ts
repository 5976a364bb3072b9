import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";

import { UsageError } from "../../src/errors.ts";
import { type Endpoint, type Transport, type TransportName, transportNames } from "../../src/ipc/contract.ts";
import { endpointFolder, readKey, readOrCreateKey } from "../../src/ipc/endpoint.ts";
import { loadTransport } from "../../src/ipc/registry.ts";

/** The options every command that opens a transport has. */
export type EndpointArguments = {
  readonly path: string | undefined;
  readonly port: string | undefined;
  readonly url: string | undefined;
  readonly keyFile: string | undefined;
  readonly protocol: string | undefined;
};

/** The folder in which endpoints live when no path is given. */
export function defaultFolder(): string {
  return endpointFolder({ runtimeDir: process.env["XDG_RUNTIME_DIR"], tmpDir: tmpdir() });
}

export function readEndpoint({ path, port, url, protocol }: EndpointArguments): Endpoint {
  return { folder: defaultFolder(), path, port: port === undefined ? undefined : readPort(port), url, protocol };
}

function readPort(text: string): number {
  const port = Number(text);
  if (/^\d+$/u.test(text) && port <= 65_535) return port;
  throw new UsageError(`"${text}" is no port`, { hint: "A port is a number from 0 to 65535; 0 takes a free one" });
}

/** @throws {UsageError} where the folder of an endpoint that is to be made is not there. */
export function requireFolder(path: string | undefined): void {
  if (path === undefined || path === "") return;
  const folder = dirname(resolve(path));
  if (!existsSync(folder)) throw new UsageError(`There is no folder ${folder}`, { hint: `mkdir -m 700 -p ${folder}` });
}

/** @throws {UsageError} for a name that is none, or a transport that does not work here. */
export async function readTransport(name: string, endpoint: Endpoint, { asServer = false } = {}): Promise<Transport> {
  const transport = await loadTransport(transportName(name));
  const availability = asServer ? await transport.available(endpoint) : { ready: true as const };
  if (!availability.ready) throw new UsageError(`${name} is not available here: ${availability.reason}`);
  return transport;
}

export function transportName(text: string): TransportName {
  const name = transportNames.find((each) => each === text);
  if (name === undefined) {
    throw new UsageError(`There is no transport "${text}"`, { hint: `There are ${transportNames.join(", ")}` });
  }
  return name;
}

/** The key: from the file named, else, for transports that prove one, the one in the folder, which a server makes on first use. */
export async function readSecret(
  { caps }: Transport,
  { keyFile }: EndpointArguments,
  { folder, url }: Endpoint,
  { create }: { readonly create: boolean },
): Promise<Buffer | undefined> {
  if (keyFile === undefined && (!caps.auth || url !== undefined)) return undefined;
  const path = keyFile ?? join(folder, "key");
  const key = create ? await readOrCreateKey(path) : await readKey(path);
  if (key === undefined && keyFile !== undefined) {
    throw new UsageError(`There is no key file ${keyFile}`, { hint: "The server makes it when it starts first" });
  }
  return key;
}
