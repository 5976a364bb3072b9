import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { z } from "zod";

import { messageOf } from "../../errors.ts";
import type { Capabilities, Endpoint, TransportName } from "../contract.ts";
import { loadTransport } from "../registry.ts";
import { compileLimits, type LimitKind, limitOf } from "./limits.ts";
import { type MeasuringProgram, pin, startProgram } from "./programs.ts";

/** One row of the comparison; what could not be measured says why. */
export type Measured = {
  readonly name: TransportName;
  readonly summary: string;
  readonly caps: Capabilities;
  /** Median microseconds for 64 bytes there and back. */
  readonly roundTrip?: number;
  /** Calls a second when a hundred are on their way. */
  readonly perSecond?: number;
  /** CPU of both processes for one of those calls, in microseconds. */
  readonly cpu?: number;
  /** What a C program takes for the round trip over the same means. */
  readonly limit?: { readonly kind: LimitKind; readonly roundTrip: number } | undefined;
  readonly unavailable?: string;
};

export type MeasureOptions = {
  readonly names: readonly TransportName[];
  readonly tmpDir: string;
  readonly url?: string | undefined;
  /** Rounds of which the median is taken; they go round all transports in turn. */
  readonly rounds?: number;
  /** Calls a round. */
  readonly calls?: number;
  readonly core?: number;
  readonly onProgress?: (text: string) => void;
};

type Running = { readonly name: TransportName; readonly server: MeasuringProgram; readonly client: MeasuringProgram };

const sample = z.object({ microseconds: z.number(), cpuMicroseconds: z.number().optional() });

/** Slow means get fewer calls, so that no round takes more than about a tenth of a second. */
const shareOf: Readonly<Partial<Record<TransportName, number>>> = { file: 0.02, redis: 0.2, mqtt: 0.2, signal: 0.02 };

/**
 * Measures each transport here and now: server and client are processes of their own on one core,
 * and the rounds go round all of them, so that a disturbance hits every one.
 */
export async function measure(options: MeasureOptions): Promise<readonly Measured[]> {
  const { names, tmpDir, rounds = 7, calls = 2000, core = 1, onProgress = () => undefined } = options;
  const folder = await mkdtemp(join(tmpDir, "compare-"));
  const prefix = pin(core);
  const running: Running[] = [];
  const failures = new Map<TransportName, string>();
  try {
    const measureLimit = await compileLimits(folder, prefix);
    for (const name of names) {
      onProgress(`Starting ${name}`);
      try {
        running.push(await start(name, join(folder, name), prefix, options));
      } catch (error) {
        failures.set(name, messageOf(error));
      }
    }
    const trips = new Map<string, number[]>();
    const note = (key: string, value: number) => trips.set(key, [...(trips.get(key) ?? []), value]);
    for (let round = 0; round <= rounds; round += 1) {
      onProgress(`Round ${String(round)} of ${String(rounds)}`);
      for (const { name, client } of running) {
        const count = Math.ceil(calls * (shareOf[name] ?? 1));
        const trip = await ask(client, `rtt ${String(count)}`);
        const pipe = name === "signal" ? undefined : await ask(client, `pipe ${String(count)}`);
        // Round 0 warms up.
        if (round === 0) continue;
        note(`${name} rtt`, trip.microseconds);
        note(`${name} pipe`, pipe?.microseconds ?? Number.NaN);
        note(`${name} cpu`, pipe?.cpuMicroseconds ?? Number.NaN);
      }
      for (const kind of new Set(running.flatMap(({ name }) => limitOf[name] ?? []))) {
        if (round > 0 && measureLimit !== undefined) note(`limit ${kind}`, await measureLimit(kind, calls));
      }
    }
    return await Promise.all(
      names.map(async (name) => {
        const { summary, caps } = await loadTransport(name);
        const unavailable = failures.get(name);
        if (unavailable !== undefined) return { name, summary, caps, unavailable };
        const kind = limitOf[name];
        const limit = median(trips.get(`limit ${kind ?? ""}`));
        return {
          name,
          summary,
          caps,
          ...given("roundTrip", median(trips.get(`${name} rtt`))),
          ...given("perSecond", inverse(median(trips.get(`${name} pipe`)))),
          ...given("cpu", median(trips.get(`${name} cpu`))),
          limit: kind === undefined || limit === undefined ? undefined : { kind, roundTrip: limit },
        };
      }),
    );
  } finally {
    for (const { client } of running) await client.end();
    for (const { server } of running) await server.end();
    await rm(folder, { recursive: true, force: true });
  }
}

async function start(
  name: TransportName,
  folder: string,
  prefix: readonly string[],
  { url }: MeasureOptions,
): Promise<Running> {
  const transport = await loadTransport(name);
  const endpoint: Endpoint = {
    folder: await mkdtemp(`${folder}-`),
    ...(name === "redis" && url !== undefined ? { url } : {}),
    ...(name === "mqtt" ? { port: 0 } : {}),
  };
  const availability = await transport.available(endpoint);
  if (!availability.ready) throw new Error(availability.reason);
  const key = transport.caps.auth && name !== "redis" ? [randomBytes(32).toString("hex")] : [];
  const server = startProgram(prefix, [serverProgram, name, JSON.stringify(endpoint), ...key]);
  const address = await server.next();
  const port = /:(\d+)$/u.exec(address)?.[1];
  const reachable = name === "mqtt" ? { ...endpoint, port: Number(port) } : endpoint;
  const client = startProgram(prefix, [clientProgram, name, JSON.stringify(reachable), ...key]);
  await client.next();
  return { name, server, client };
}

const serverProgram = fileURLToPath(new URL("./server.ts", import.meta.url));
const clientProgram = fileURLToPath(new URL("./client.ts", import.meta.url));

async function ask(client: MeasuringProgram, line: string) {
  return sample.parse(JSON.parse(await client.ask(line)));
}

function median(values: readonly number[] | undefined): number | undefined {
  const sorted = (values ?? []).filter((value) => !Number.isNaN(value)).sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

const inverse = (microseconds: number | undefined) =>
  microseconds === undefined ? undefined : 1_000_000 / microseconds;

function given<Key extends string>(key: Key, value: number | undefined): { readonly [Name in Key]?: number } {
  // An absent figure stays absent, for exactOptionalPropertyTypes.
  const object: { [Name in Key]?: number } = {};
  if (value !== undefined) Object.assign(object, { [key]: value });
  return object;
}
