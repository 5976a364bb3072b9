import { messageOf } from "../../errors.ts";
import { type Availability, can, type Endpoint, type Transport } from "../contract.ts";
import { connectRedis } from "./client.ts";
import { open } from "./link.ts";
import { listenRedis } from "./server.ts";

/**
 * Redis: channel messages by publish/subscribe, calls by a stream with a consumer group.
 * A call is acknowledged after its reply was sent, so the calls of a killed server are carried out by the next one.
 */
export const redis: Transport = {
  name: "redis",
  summary: "publish/subscribe, and calls in a stream that survive a kill",
  caps: can("request", "publish", "payload", "ordered", "reliable", "auth", "crossPlatform", "needsService"),
  available,
  listen: listenRedis,
  connect: connectRedis,
};

async function available(endpoint: Endpoint): Promise<Availability> {
  try {
    const client = await open(endpoint);
    await client.close();
    return { ready: true };
  } catch (error) {
    return { ready: false, reason: `${messageOf(error)}; install it with: apt-get install redis-server` };
  }
}
