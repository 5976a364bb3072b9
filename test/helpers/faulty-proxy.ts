import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

type Json = { readonly id: unknown; readonly method: string; readonly params: readonly unknown[] };

/** How an endpoint treats a request: passes it on, or one of the faults that real endpoints have. */
export type Treatment = "pass" | "429" | "503" | "hang" | "reset" | "lose answer";

export type FaultyProxy = {
  readonly url: string;
  /** Requests so far, and the raw transactions among their calls. */
  readonly counts: { requests: number; rawTransactions: number };
  /** Decides over each request; everything passes by default. */
  treat: (methods: readonly string[]) => Treatment;
  /** Answers a call instead of the node; undefined passes it on. */
  intercept: (
    call: Json,
  ) => Promise<{ readonly error: { readonly code: number; readonly message: string } } | undefined>;
  /** True: a batch is answered with one error, as some endpoints do. */
  refuseBatches: boolean;
  readonly close: () => Promise<void>;
};

/** A real HTTP endpoint in front of `target` that misbehaves as it is told. */
export async function startFaultyProxy(target: string): Promise<FaultyProxy> {
  const server = createServer((request, response) => void handle(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const proxy: FaultyProxy = {
    // The path stands for an API key.
    url: `http://127.0.0.1:${String(port)}/v2/api-key-0f9e8d7c6b5a`,
    counts: { requests: 0, rawTransactions: 0 },
    treat: () => "pass",
    intercept: async () => undefined,
    refuseBatches: false,
    async close() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = JSON.parse(await readAll(request)) as Json | readonly Json[];
    const calls = Array.isArray(body) ? (body as readonly Json[]) : [body as Json];
    proxy.counts.requests++;
    proxy.counts.rawTransactions += calls.filter(({ method }) => method === "eth_sendRawTransaction").length;
    const treatment = proxy.treat(calls.map(({ method }) => method));
    if (treatment === "429") return void response.writeHead(429, { "retry-after": "0" }).end("slow down");
    if (treatment === "503") return void response.writeHead(503).end("<html>busy</html>");
    if (treatment === "hang") return;
    if (treatment === "reset") return void request.socket.resetAndDestroy();
    if (Array.isArray(body) && proxy.refuseBatches) {
      reply(response, {
        jsonrpc: "2.0",
        id: null,
        error: { code: -32600, message: "batch requests are not supported" },
      });
      return;
    }
    const answers = [];
    for (const call of calls) answers.push((await answerHere(call)) ?? (await pass(call)));
    if (treatment === "lose answer") return void request.socket.resetAndDestroy();
    reply(response, Array.isArray(body) ? answers : answers[0]);
  }

  async function answerHere(call: Json) {
    const answer = await proxy.intercept(call);
    return answer === undefined ? undefined : { jsonrpc: "2.0", id: call.id, ...answer };
  }

  async function pass(call: Json): Promise<unknown> {
    const answer = await fetch(target, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(call),
    });
    return answer.json();
  }

  return proxy;
}

function reply(response: ServerResponse, body: unknown): void {
  response.setHeader("content-type", "application/json").end(JSON.stringify(body));
}

async function readAll(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

/** Faults of all four kinds at a rate, drawn from a seed. */
export function atRandom(rate: number, seed: number): () => Treatment {
  const random = seededRandom(seed);
  const kinds: readonly Treatment[] = ["429", "503", "hang", "reset"];
  return () => (random() < rate ? (kinds[Math.floor(random() * kinds.length)] ?? "pass") : "pass");
}

/** mulberry32: small, and the same everywhere. */
export function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
