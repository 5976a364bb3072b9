import { createClient } from "redis";

import { type Endpoint, UnreachableError } from "../contract.ts";

/** Calls wait here until a server has answered them. */
export const callStream = "metacoin:calls";
export const cancelChannel = "metacoin:cancel";
export const replyChannel = (client: string) => `metacoin:reply:${client}`;
/** `redis-cli subscribe metacoin:channel:news` sees what is sent to the channel "news", and can publish to it. */
export const eventPrefix = "metacoin:channel:";

export type Redis = ReturnType<typeof create>;

/** A client tries this often to find its Redis again, some eight seconds. */
const mostTries = 20;

/** RESP 2, so that replies of plain commands are lists on every server. */
function create(url: string, goesOn: (tries: number) => boolean) {
  return createClient({
    url,
    RESP: 2,
    socket: {
      connectTimeout: 2000,
      reconnectStrategy: (tries) => (goesOn(tries) ? Math.min(tries * 50, 500) : false),
    },
  });
}

/**
 * A connection to Redis that comes back by itself.
 *
 * @param patient waits for a Redis that went away for as long as it takes, as a server does.
 * @throws {UnreachableError} where none answers now.
 */
export async function open(endpoint: Endpoint, { patient = false } = {}): Promise<Redis> {
  let connected = false;
  const client = create(urlOf(endpoint), (tries) => connected && (patient || tries < mostTries));
  // Reconnecting is the client's own business; what fails is told by the command that failed.
  client.on("error", () => undefined);
  try {
    await client.connect();
  } catch (error) {
    client.destroy();
    throw new UnreachableError(`No Redis answers at ${nameOf(endpoint)}`, {
      cause: error,
      hint: "Start one (apt-get install redis-server), name it with --url, or use --transport mqtt, which brings its own broker",
    });
  }
  connected = true;
  return client;
}

/** Closes connections that belong together; what waits for a Redis that is away waits no longer. */
export async function closeAll(clients: readonly Redis[]): Promise<void> {
  if (clients.every(({ isReady }) => isReady)) await Promise.all(clients.map((client) => client.close()));
  else for (const client of clients) client.destroy();
}

const urlOf = ({ url = "redis://127.0.0.1:6379" }: Endpoint) => url;

/** The URL without its password. */
export function nameOf(endpoint: Endpoint): string {
  return urlOf(endpoint).replace(/\/\/[^@/]*@/u, "//");
}
