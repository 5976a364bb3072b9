import { randomUUID, timingSafeEqual } from "node:crypto";
import { once } from "node:events";
import { createServer, type Server, Socket } from "node:net";

import { Aedes } from "aedes";
import { connectAsync, type MqttClient } from "mqtt";

import {
  can,
  type Connection,
  type ConnectOptions,
  defaultLimits,
  DisconnectedError,
  type Endpoint,
  type Limits,
  type Listener,
  type ListenOptions,
  ProtocolError,
  type Transport,
  UnreachableError,
} from "./contract.ts";
import { messageOf } from "../errors.ts";
import { listenOnPort } from "./address.ts";
import { Clients } from "./clients.ts";
import { encodeMessage, kinds, parseOrText } from "./messages.ts";
import { guardMqtt } from "./mqtt-guard.ts";
import { createClientSession, createServerSession, type ServerSession } from "./session.ts";

const toServer = "metacoin/to-server/";
const toClient = "metacoin/to-client/";
/** Any MQTT client sees events below here, and can publish some. */
const channel = "metacoin/channel/";
const graceMs = 2000;

/** MQTT with a broker inside the server, for machines without Redis; `--url` names a broker that runs already. */
export const mqtt: Transport = {
  name: "mqtt",
  summary: "publish/subscribe with a broker inside the server",
  caps: can("request", "publish", "payload", "ordered", "reliable", "auth", "crossPlatform"),
  available: () => Promise.resolve({ ready: true }),
  listen,
  connect,
};

type Broker = { readonly port: number; close(): Promise<void> };

/** A broker on loopback; with a key, clients give it as their password. */
async function startBroker(port: number, { key, onFault }: ListenOptions, limits: Limits): Promise<Broker> {
  const broker = await Aedes.createBroker({
    connectTimeout: limits.handshakeMs,
    authenticate(_client, _name, password, done) {
      const given = password ?? Buffer.alloc(0);
      done(null, key === undefined || (given.length === key.length && timingSafeEqual(given, key)));
    },
  });
  const server: Server = createServer({ noDelay: true }, (socket) => {
    broker.handle(guardMqtt(socket, limits.maxMessageBytes).on("error", (fault) => onFault?.(fault)));
  });
  server.maxConnections = limits.maxConnections;
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  const bound = await listenOnPort(server, "127.0.0.1", port).catch((error: unknown) => {
    broker.close();
    throw error;
  });
  return {
    port: bound,
    async close() {
      const closed = once(server, "close");
      server.close();
      await new Promise<void>((resolve) => {
        broker.close(resolve);
      });
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

const defaultPort = 1883;

async function dial(
  url: string,
  key: Buffer | undefined,
  will?: { topic: string; payload: Buffer },
): Promise<MqttClient> {
  try {
    const client = await connectAsync(url, {
      clientId: `metacoin-${randomUUID()}`,
      reconnectPeriod: 0,
      connectTimeout: 5000,
      ...(key === undefined ? {} : { username: "metacoin", password: key }),
      ...(will === undefined ? {} : { will: { ...will, qos: 1, retain: false } }),
    });
    // Header and payload are two writes: with Nagle's algorithm each message would wait 40 ms.
    if (client.stream instanceof Socket) client.stream.setNoDelay(true);
    return client;
  } catch (error) {
    throw new UnreachableError(`No MQTT broker lets us in at ${url}: ${messageOf(error)}`, {
      cause: error,
      hint: "Start one: npx hardhat ipc serve --transport mqtt",
    });
  }
}

const urlOf = ({ url, port = defaultPort, host = "127.0.0.1" }: Endpoint) => url ?? `mqtt://${host}:${String(port)}`;

async function listen(options: ListenOptions): Promise<Listener> {
  const { endpoint, key, answer, onFault } = options;
  const limits = { ...defaultLimits, ...options.limits };
  const broker =
    endpoint.url === undefined ? await startBroker(endpoint.port ?? defaultPort, options, limits) : undefined;
  const url = broker === undefined ? urlOf(endpoint) : `mqtt://127.0.0.1:${String(broker.port)}`;
  const client = await dial(url, key).catch(async (error: unknown) => {
    await broker?.close();
    throw error;
  });
  const sessions = new Clients<string, ServerSession>();

  const open = (name: string): ServerSession => {
    if (sessions.size >= limits.maxConnections) throw new ProtocolError("Too many clients");
    const session = createServerSession(
      {
        room: 0,
        send(message) {
          client.publish(`${toClient}${name}`, message, { qos: 1 });
        },
      },
      { answer, peer: {} },
    );
    sessions.set(name, session);
    return session;
  };
  client.on("message", (topic, payload) => {
    const name = topic.slice(toServer.length);
    try {
      if (payload[0] === kinds.bye) {
        sessions.get(name)?.lost();
        sessions.delete(name);
      } else (sessions.get(name) ?? open(name)).receive(payload);
    } catch (error) {
      onFault?.(error instanceof Error ? error : new ProtocolError(String(error)));
    }
  });
  client.on("error", (error) => onFault?.(error));
  await client.subscribeAsync(`${toServer}+`, { qos: 1 });

  return {
    address: url,
    async publish({ topic, data }) {
      await client.publishAsync(`${channel}${topic}`, JSON.stringify(data), { qos: 1 });
    },
    async close() {
      for (const session of sessions.values()) session.bye();
      await sessions.left(graceMs);
      await client.endAsync();
      await broker?.close();
    },
  };
}

async function connect({ endpoint, key }: ConnectOptions): Promise<Connection> {
  const name = randomUUID();
  const farewell = encodeMessage(kinds.bye, 0, null);
  const client = await dial(urlOf(endpoint), key, { topic: `${toServer}${name}`, payload: farewell });
  let onEvent: (topic: string, text: string) => void = () => undefined;
  let over = false;
  const closed = new Promise<void>((resolve) => {
    client.on("close", () => {
      over = true;
      session.lost(new DisconnectedError("The broker went away"));
      resolve();
    });
  });
  const leave = async () => {
    if (over) return;
    over = true;
    await client.publishAsync(`${toServer}${name}`, farewell, { qos: 1 }).catch(() => undefined);
    await client.endAsync();
  };
  const session = createClientSession(
    {
      room: 0,
      send(message) {
        if (!over) client.publish(`${toServer}${name}`, message, { qos: 1 });
      },
    },
    {
      onDrained() {
        void leave();
      },
    },
  );
  /** Everybody whom the broker lets in can send us anything. */
  const receive = (payload: Buffer) => {
    try {
      session.receive(payload);
    } catch (error) {
      session.lost(error);
      void leave();
    }
  };
  client
    .on("error", () => undefined)
    .on("message", (topic, payload) => {
      if (topic.startsWith(channel)) onEvent(topic.slice(channel.length), payload.toString("utf8"));
      else receive(payload);
    });
  await client.subscribeAsync(`${toClient}${name}`, { qos: 1 });
  return {
    request: session.request,
    async subscribe(subscription) {
      onEvent = (topic, text) => {
        subscription.onEvent({ topic, data: parseOrText(text) });
      };
      await client.subscribeAsync(`${channel}#`, { qos: 1 });
    },
    closed,
    async close() {
      await leave();
      await closed;
    },
  };
}
