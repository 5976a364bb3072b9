import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";
import { z } from "zod";

import { createClient } from "../../../src/ipc/client.ts";
import type { Connection, Endpoint, IpcEvent, Listener, ListenOptions, Transport } from "../../../src/ipc/contract.ts";
import type { Counters } from "../../../src/ipc/counters.ts";
import { createAnswer, method, type Service } from "../../../src/ipc/dispatch.ts";
import { createService } from "../../../src/ipc/service.ts";

/** How a suite reaches a transport: everything that differs between them. */
export type Subject = {
  readonly transport: Transport;
  /** Parts of the endpoint beside the folder, such as a URL. */
  readonly endpoint?: () => Partial<Endpoint>;
  readonly key?: Buffer;
  /** Most bytes of one message, where the transport itself has a bound. */
  readonly payloadBytes?: number;
  /** The protocol has no farewell, so only calls that the server has read are answered when it stops. */
  readonly noFarewell?: boolean;
  /** How many calls the pipelining test makes. */
  readonly calls?: number;
};

/** A server and its client on a folder of their own; `stop` ends both. */
export type Pair = {
  readonly listener: Listener;
  readonly connection: Connection;
  readonly endpoint: Endpoint;
  readonly counters: Readonly<Counters>;
  readonly connect: () => Promise<Connection>;
  stop(): Promise<void>;
};

export async function openPair(
  { transport, endpoint: parts = () => ({}), key }: Subject,
  options: Partial<ListenOptions> & { readonly service?: Service } = {},
): Promise<Pair> {
  const folder = mkdtempSync(join(tmpdir(), "ipc-"));
  const endpoint: Endpoint = { folder, ...parts() };
  const secret = key === undefined ? {} : { key };
  const { answer, counters } = createAnswer(options.service ?? testService());
  const server = await transport.listen({ endpoint, ...secret, answer, ...options });
  let closed: Promise<void> | undefined;
  const listener: Listener = { ...server, close: () => (closed ??= server.close()) };
  const connections: Connection[] = [];
  const connect = async () => {
    const connection = await transport.connect({ endpoint: reachable(endpoint, listener.address), ...secret });
    connections.push(connection);
    return connection;
  };
  return {
    listener,
    endpoint,
    counters,
    connection: await connect(),
    connect,
    async stop() {
      await Promise.all(connections.map((connection) => connection.close()));
      await listener.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** With `port: 0` the real one is known only once the server listens. */
function reachable(endpoint: Endpoint, address: string): Endpoint {
  const port = /:(\d+)$/u.exec(address)?.[1];
  return endpoint.port === 0 && port !== undefined ? { ...endpoint, port: Number(port) } : endpoint;
}

/** The tutorial's service and three methods that take their time. */
export function testService(): Service {
  const service = createService({ publish: () => undefined, stop: () => undefined });
  const started: string[] = [];
  return new Map([
    ...service,
    [
      "slow",
      method({
        summary: "Waits until it is aborted",
        names: ["name"],
        params: z.tuple([z.string()]),
        run: ([name], { signal }) =>
          new Promise((_, reject) => {
            started.push(name);
            signal.addEventListener("abort", () => reject(new Error("aborted")), { once: true });
          }),
      }),
    ],
    [
      "echo",
      method({ summary: "Its argument", names: ["value"], params: z.tuple([z.unknown()]), run: ([value]) => value }),
    ],
    [
      "later",
      method({
        summary: "Its argument, a turn of the event loop later",
        names: ["value"],
        params: z.tuple([z.unknown()]),
        run: async ([value]) => {
          await turn();
          return value;
        },
      }),
    ],
  ]);
}

/** What every transport must do; what its flags deny is not asked. */
export function conformance(name: string, subject: Subject): void {
  const { transport, calls = 200, payloadBytes = 1024 * 1024 } = subject;
  const { caps } = transport;

  describe(`${name}: conformance`, () => {
    before(async function () {
      const availability = await transport.available({ folder: tmpdir(), ...subject.endpoint?.() });
      if (availability.ready) return;
      if (process.env["CI"] === "true") throw new Error(availability.reason);
      this.skip();
    });

    const withPair = async (work: (pair: Pair) => Promise<void>, options?: Parameters<typeof openPair>[1]) => {
      const pair = await openPair(subject, options);
      try {
        await work(pair);
      } finally {
        await pair.stop();
      }
    };

    if (caps.request) {
      it("answers a call", () =>
        withPair(async ({ connection }) => {
          const client = createClient(connection);
          expect(await client.call("add", [1, 2])).to.equal(3);
          expect(await client.call("convert", ["grüße"])).to.equal("GRÜSSE");
        }));

      it("tells an unknown method from wrong arguments", () =>
        withPair(async ({ connection }) => {
          const client = createClient(connection);
          expect(await failureOf(client.call("divide", [1, 2]))).to.include({
            code: "REMOTE",
            remoteCode: "UNKNOWN_METHOD",
          });
          const wrong = await failureOf(client.call("add", ["1", 2]));
          expect(wrong).to.include({ code: "REMOTE", remoteCode: "INVALID_PARAMS" });
        }));

      it("keeps many calls apart, whatever order they end in", () =>
        withPair(async ({ connection }) => {
          const client = createClient(connection);
          const all = Array.from({ length: calls }, (_, index) =>
            client.call(index % 3 === 0 ? "later" : "echo", [index]),
          );
          expect(await Promise.all(all)).to.deep.equal(all.map((_, index) => index));
        }));

      it("carries every JSON value", () =>
        withPair(async ({ connection }) => {
          const client = createClient(connection);
          for (const value of [null, true, -1.5, "", "ü\n\u0000x", [], [[1]], { a: { b: [null] } }]) {
            expect(await client.call("echo", [value])).to.deep.equal(value);
          }
        }));

      it(`carries ${String(payloadBytes)} bytes`, () =>
        withPair(async ({ connection }) => {
          const text = "x".repeat(payloadBytes);
          expect(await createClient(connection).call("echo", [text])).to.equal(text);
        }));

      it("passes a deadline on, and serves the next call", () =>
        withPair(async ({ connection }) => {
          const client = createClient(connection);
          const failure = await failureOf(client.call("slow", ["a"], { deadlineMs: 30 }));
          expect(failure).to.include({ code: "DEADLINE" });
          if (subject.endpoint?.().protocol === "python") return;
          expect(await client.call("add", [2, 2])).to.equal(4);
        }));

      it("lets a caller give up", () =>
        withPair(async ({ connection }) => {
          const controller = new AbortController();
          const reply = createClient(connection).call("slow", ["b"], { signal: controller.signal });
          controller.abort();
          expect(await failureOf(reply)).to.include({ code: "CANCELLED" });
        }));

      it("answers what was accepted before it stops", async () => {
        const pair = await openPair(subject);
        const client = createClient(pair.connection);
        expect(await client.call("add", [0, 0])).to.equal(0);
        const replies = Array.from({ length: 50 }, (_, index) => client.call("later", [index]));
        // One round trip more: then the server has read all of the fifty.
        replies.push(client.call("later", [50]));
        do await turn();
        while (subject.noFarewell === true && pair.counters.received < 52);
        const closing = pair.listener.close();
        const settled = await Promise.allSettled(replies);
        await closing;
        await pair.stop();
        const lost = settled.filter(({ status }) => status === "rejected");
        expect(lost).to.deep.equal([]);
      });

      it("fails open calls when the other side goes away", async () => {
        const pair = await openPair(subject);
        await pair.connection.close();
        expect(
          await failureOf(createClient(pair.connection).call("add", [1, 1], { deadlineMs: 2000 })),
        ).to.have.property("code");
        await pair.stop();
      });
    }

    if (caps.publish && caps.payload) {
      it("delivers events in order to everybody who watches", () =>
        withPair(async ({ listener, connection, connect }) => {
          const second = await connect();
          const watchers = await Promise.all([connection, second].map((each) => collect(each, 20)));
          for (let index = 0; index < 20; index += 1) await listener.publish({ topic: "t", data: { index } });
          for (const { done } of watchers) {
            const events = await done;
            expect(events.map(({ data }) => data)).to.deep.equal(events.map((_, index) => ({ index })));
          }
        }));
    }

    if (caps.stream) {
      it("replays what a late watcher missed", async () => {
        const missed: IpcEvent[] = [1, 2, 3].map((sequence) => ({ topic: "t", data: sequence, sequence }));
        await withPair(
          async ({ connection, listener }) => {
            const { done } = await collect(connection, 3, 1);
            await listener.publish({ topic: "t", data: 4, sequence: 4 });
            expect((await done).map(({ sequence }) => sequence)).to.deep.equal([2, 3, 4]);
          },
          { replay: (after) => missed.filter(({ sequence = 0 }) => sequence > after) },
        );
      });
    }

    it("says that nobody listens", async () => {
      const folder = mkdtempSync(join(tmpdir(), "ipc-"));
      const endpoint = { folder, ...subject.endpoint?.() };
      if (endpoint.port !== undefined || endpoint.url !== undefined) return;
      expect(await failureOf(transport.connect({ endpoint, key: Buffer.from("k") }))).to.include({
        code: "UNREACHABLE",
      });
      rmSync(folder, { recursive: true });
    });
  });
}

/** Subscribes; `done` resolves with the first `count` events. */
export async function collect(
  connection: Connection,
  count: number,
  after?: number,
): Promise<{ readonly done: Promise<readonly IpcEvent[]> }> {
  const events: IpcEvent[] = [];
  let enough: () => void = () => undefined;
  const done = new Promise<readonly IpcEvent[]>((resolve) => {
    enough = () => resolve(events);
  });
  await connection.subscribe({
    ...(after === undefined ? {} : { after }),
    onEvent(event) {
      events.push(event);
      if (events.length === count) enough();
    },
  });
  return { done };
}

/** Lets everything that is due run once. */
export async function turn(): Promise<void> {
  await new Promise<void>((resolve) => {
    setImmediate(resolve);
  });
}

/** What a promise was rejected with; fails when it was not. */
export async function failureOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    (value) => {
      throw new Error(`Resolved with ${JSON.stringify(value)}`);
    },
    (error: unknown) => error,
  );
}
