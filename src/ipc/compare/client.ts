// The measuring client, a program of its own: node client.ts TRANSPORT ENDPOINT-JSON [KEY-HEX].
// Each line on stdin, "rtt COUNT" or "pipe COUNT", is answered by a line of JSON.
import { createInterface } from "node:readline";

import { z } from "zod";

import { createClient, type Client } from "../client.ts";
import { transportNames, type Connection, type Endpoint } from "../contract.ts";
import { loadTransport } from "../registry.ts";

const text = "x".repeat(64);
const [, , name, endpoint = "{}", key] = process.argv;
const transport = await loadTransport(transportNames.find((each) => each === name) ?? "socket");
const parsed: Endpoint = z.looseObject({ folder: z.string() }).parse(JSON.parse(endpoint));
const connection = await transport.connect({
  endpoint: parsed,
  key: key === undefined ? undefined : Buffer.from(key, "hex"),
});
const client = createClient(connection);
const trip = transport.caps.request ? () => client.call("echo", [text]) : await createStateTrip(connection, client);

process.stdout.write("ready\n");
for await (const line of createInterface({ input: process.stdin })) {
  const [verb, count] = line.split(" ");
  const result = verb === "rtt" ? await roundTrips(Number(count)) : await pipelined(Number(count));
  process.stdout.write(`${JSON.stringify(result)}\n`);
}
await connection.close();

async function roundTrips(count: number) {
  const started = process.hrtime.bigint();
  for (let index = 0; index < count; index += 1) await trip();
  return { microseconds: Number(process.hrtime.bigint() - started) / 1000 / count };
}

/** Calls in groups of a hundred: what a message costs when nobody waits for each. */
async function pipelined(count: number) {
  const before = await cpu();
  const started = process.hrtime.bigint();
  for (let sent = 0; sent < count; sent += 100) {
    await Promise.all(Array.from({ length: 100 }, trip));
  }
  const microseconds = Number(process.hrtime.bigint() - started) / 1000 / count;
  return { microseconds, cpuMicroseconds: ((await cpu()) - before) / count };
}

/** Both processes'. */
async function cpu(): Promise<number> {
  const { user, system } = process.cpuUsage();
  return user + system + z.number().parse(await client.call("cpu"));
}

/** A signal has no reply: the state that comes back is the answer. One that was lost is sent again. */
async function createStateTrip(connection: Connection, client: Client): Promise<() => Promise<unknown>> {
  let state: "on" | "off" = "on";
  let arrived: (value: unknown) => void = () => undefined;
  await connection.subscribe({
    onEvent({ data }) {
      arrived(data);
    },
  });
  return async () => {
    state = state === "on" ? "off" : "on";
    const wanted = state;
    const reply = new Promise<void>((resolve) => {
      arrived = (data) => {
        if (data === wanted) resolve();
      };
    });
    const again = setInterval(() => void client.call("switch", [wanted]), 50);
    await client.call("switch", [wanted]);
    await reply;
    clearInterval(again);
  };
}
