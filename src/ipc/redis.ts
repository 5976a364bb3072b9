import { randomUUID } from "node:crypto";

import { createClient } from "redis";

import {
  type Availability,
  can,
  CancelledError,
  type Connection,
  type ConnectOptions,
  defaultLimits,
  DisconnectedError,
  type Endpoint,
  type IpcEvent,
  type Listener,
  type ListenOptions,
  ProtocolError,
  type Transport,
  UnreachableError,
} from "./contract.ts";
import { messageOf } from "../errors.ts";
import { describeFailure, isRecord, remoteFailure } from "./messages.ts";

/** Calls wait here until a server has answered them. */
const callStream = "metacoin:calls";
const group = "servers";
const replyChannel = (client: string) => `metacoin:reply:${client}`;
const cancelChannel = "metacoin:cancel";
/** `redis-cli subscribe metacoin:channel:news` sees what is sent to the channel "news", and can publish to it. */
const eventPrefix = "metacoin:channel:";
const aliveKey = (consumer: string) => `metacoin:alive:${consumer}`;
/** A server that has not said so for this long is dead, in milliseconds; its calls are then another's. */
const aliveMs = 3000;

/**
 * Redis: channel messages by publish/subscribe, calls by a stream with a consumer group.
 * A call is acknowledged after its reply was sent, so the calls of a killed server are carried out by the next one.
 */
export const redis: Transport = {
  name: "redis",
  summary: "publish/subscribe, and calls in a stream that survive a kill",
  caps: can("request", "publish", "payload", "ordered", "reliable", "auth", "crossPlatform", "needsService"),
  available,
  listen,
  connect,
};

const urlOf = ({ url = "redis://127.0.0.1:6379" }: Endpoint) => url;

type Redis = ReturnType<typeof create>;

/** RESP 2, so that replies of plain commands are lists on every server. */
function create(url: string, hasConnected: () => boolean) {
  return createClient({
    url,
    RESP: 2,
    socket: {
      connectTimeout: 2000,
      reconnectStrategy: (tries) => (hasConnected() && tries < 20 ? Math.min(tries * 50, 500) : false),
    },
  });
}

async function open(endpoint: Endpoint): Promise<Redis> {
  let connected = false;
  const client = create(urlOf(endpoint), () => connected);
  // Reconnecting is the client's own business; what fails is told by the command that failed.
  client.on("error", () => undefined);
  try {
    await client.connect();
  } catch (error) {
    client.destroy();
    throw new UnreachableError(`No Redis answers at ${withoutPassword(urlOf(endpoint))}`, {
      cause: error,
      hint: "Start one (apt-get install redis-server), name it with --url, or use --transport mqtt, which brings its own broker",
    });
  }
  connected = true;
  return client;
}

function withoutPassword(url: string): string {
  return url.replace(/\/\/[^@/]*@/u, "//");
}

async function available(endpoint: Endpoint): Promise<Availability> {
  try {
    const client = await open(endpoint);
    await client.close();
    return { ready: true };
  } catch (error) {
    return { ready: false, reason: `${messageOf(error)}; install it with: apt-get install redis-server` };
  }
}

type Call = {
  readonly entry: string;
  readonly id: string;
  readonly client: string;
  readonly method: string;
  readonly params: unknown[];
};

async function listen({ endpoint, limits: given, answer, onFault }: ListenOptions): Promise<Listener> {
  const { maxMessageBytes } = { ...defaultLimits, ...given };
  const consumer = randomUUID();
  const commands = await open(endpoint);
  const reading = await open(endpoint);
  const cancels = await open(endpoint);
  const running = new Map<string, { readonly done: Promise<void>; readonly controller: AbortController }>();
  /** Calls whose callers gave up, perhaps before they were read here. */
  const cancelled = new Set<string>();
  let closing = false;

  const run = async (call: Call, signal: AbortSignal) => {
    let reply: Record<string, unknown>;
    try {
      reply = { result: (await answer({ method: call.method, params: call.params, peer: {}, signal })) ?? null };
    } catch (error) {
      reply = { error: describeFailure(error) };
    }
    // The reply first: a kill in between makes the call run again, never vanish.
    await commands.publish(replyChannel(call.client), JSON.stringify({ id: call.id, ...reply }));
    await forget(call.entry);
    running.delete(call.id);
  };
  const forget = async (entry: string) => {
    await commands.multi().xAck(callStream, group, entry).xDel(callStream, entry).exec();
  };
  const take = async (entries: unknown) => {
    for (const [entry, fields] of entriesOf(entries)) {
      const call = callOf(entry, fields, maxMessageBytes);
      if (call === undefined) {
        onFault?.(new ProtocolError(`The entry ${entry} of ${callStream} is no call`));
        await forget(entry);
      } else if (cancelled.delete(call.id)) await forget(entry);
      else if (!running.has(call.id)) {
        const controller = new AbortController();
        running.set(call.id, { controller, done: run(call, controller.signal) });
      }
    }
  };

  const beat = () => commands.set(aliveKey(consumer), "1", { expiration: { type: "PX", value: aliveMs } });
  /** Takes over what dead servers left unanswered. */
  const inherit = async () => {
    for (const { name } of await commands.xInfoConsumers(callStream, group)) {
      if (name === consumer || (await commands.exists(aliveKey(name))) === 1) continue;
      const left = await commands.xPendingRange(callStream, group, "-", "+", 1000, { consumer: name });
      const ids = left.map(({ id }) => id);
      if (ids.length > 0) {
        await take(await commands.sendCommand(["XCLAIM", callStream, group, consumer, "0", ...ids]));
      }
      // A consumer with pending calls must stay known; more than 1,000 take another round.
      if (ids.length < 1000) await commands.xGroupDelConsumer(callStream, group, name);
    }
  };

  await commands.xGroupCreate(callStream, group, "0", { MKSTREAM: true }).catch((error: unknown) => {
    if (!messageOf(error).startsWith("BUSYGROUP")) throw error;
  });
  await beat();
  await cancels.subscribe(cancelChannel, (id) => {
    const call = running.get(id);
    call?.controller.abort(new CancelledError("The caller gave up"));
    if (call === undefined) cancelled.add(id);
    // Most were taken back before anybody read them; the oldest are dropped.
    if (cancelled.size > 1000) cancelled.delete([...cancelled][0] ?? "");
  });
  await inherit();
  const timer = setInterval(() => {
    void beat()
      .then(inherit)
      .catch((error: unknown) => onFault?.(new ProtocolError("Redis did not answer", { cause: error })));
  }, aliveMs / 3);

  const loop = (async () => {
    const next = `XREADGROUP GROUP ${group} ${consumer} COUNT 32 BLOCK 200 STREAMS ${callStream} >`.split(" ");
    for (;;) {
      if (closing) return;
      const reply = await reading.sendCommand(next);
      await take(Array.isArray(reply) && Array.isArray(reply[0]) ? reply[0][1] : []);
    }
  })().catch((error: unknown) => {
    if (!closing) onFault?.(new ProtocolError("Redis went away", { cause: error }));
  });

  return {
    address: withoutPassword(urlOf(endpoint)),
    async publish({ topic, data }) {
      await commands.publish(`${eventPrefix}${topic}`, typeof data === "string" ? data : JSON.stringify(data));
    },
    async close() {
      closing = true;
      clearInterval(timer);
      await loop;
      await Promise.all([...running.values()].map(({ done }) => done));
      await commands.del(aliveKey(consumer));
      await Promise.all([commands.close(), reading.close(), cancels.close()]);
    },
  };
}

/** `[[id, [field, value, …]], …]`, as Redis lists a stream's entries. */
function entriesOf(reply: unknown): readonly (readonly [string, readonly unknown[]])[] {
  if (!Array.isArray(reply)) return [];
  return reply.flatMap((entry: unknown) =>
    Array.isArray(entry) && typeof entry[0] === "string" && Array.isArray(entry[1])
      ? [[entry[0], entry[1]] as const]
      : [],
  );
}

function callOf(entry: string, fields: readonly unknown[], maxBytes: number): Call | undefined {
  const given = new Map(
    Array.from({ length: fields.length / 2 }, (_, index) => [fields[index * 2], fields[index * 2 + 1]]),
  );
  const id = given.get("id");
  const client = given.get("client");
  const method = given.get("method");
  const params = given.get("params");
  if (typeof id !== "string" || typeof client !== "string" || typeof method !== "string" || typeof params !== "string")
    return undefined;
  if (params.length > maxBytes) return undefined;
  try {
    const list: unknown = JSON.parse(params);
    return Array.isArray(list) ? { entry, id, client, method, params: list } : undefined;
  } catch {
    return undefined;
  }
}

async function connect({ endpoint }: ConnectOptions): Promise<Connection> {
  const client = randomUUID();
  const commands = await open(endpoint);
  const listening = await open(endpoint);
  const pending = new Map<
    string,
    { readonly resolve: (value: unknown) => void; readonly reject: (error: unknown) => void }
  >();
  const takingBack = new Set<Promise<void>>();
  let end: () => void = () => undefined;
  const closed = new Promise<void>((resolve) => {
    end = resolve;
  });
  const lose = (cause?: unknown) => {
    for (const { reject } of pending.values()) reject(new DisconnectedError("Redis went away", { cause }));
    pending.clear();
    end();
  };
  commands.on("end", lose);
  listening.on("end", lose);
  await listening.subscribe(replyChannel(client), (text) => {
    const reply = parse(text);
    if (!isRecord(reply) || typeof reply["id"] !== "string") return;
    const waiting = pending.get(reply["id"]);
    pending.delete(reply["id"]);
    if ("error" in reply) waiting?.reject(remoteFailure(reply["error"]));
    else waiting?.resolve(reply["result"]);
  });

  return {
    request(method, params, cancellation) {
      if (!commands.isOpen) return Promise.reject(new DisconnectedError("The connection is closed"));
      const id = randomUUID();
      return new Promise<unknown>((resolve, reject) => {
        const fields = { id, client, method, params: JSON.stringify(params) };
        const entry = commands.xAdd(callStream, "*", fields);
        cancellation.onAbort = (reason) => {
          if (!pending.delete(id)) return;
          reject(reason);
          // Taken back when nobody has begun; told to stop otherwise.
          const done = entry
            .then(async (name) => {
              await commands.multi().xDel(callStream, name).publish(cancelChannel, id).exec();
            })
            .catch(() => undefined)
            .finally(() => takingBack.delete(done));
          takingBack.add(done);
        };
        pending.set(id, { resolve, reject });
        entry.catch(reject);
      });
    },
    async subscribe({ onEvent }) {
      await listening.pSubscribe(`${eventPrefix}*`, (text, channel) => {
        const event: IpcEvent = { topic: channel.slice(eventPrefix.length), data: parse(text) };
        onEvent(event);
      });
    },
    closed,
    async close() {
      await Promise.all(takingBack);
      if (commands.isOpen) await Promise.all([commands.close(), listening.close()]);
      lose();
    },
  };
}

/** JSON, or the bare text that `redis-cli publish` sends. */
function parse(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return value;
  } catch {
    return text;
  }
}
