import { text } from "node:stream/consumers";

import { expect } from "chai";
import { assert, asyncProperty, integer } from "fast-check";

import { createLimits, type Learned } from "../../../../src/etl/transfers/limits.ts";
import { BlockRefusedError, readLogs, type ReadLogsOptions } from "../../../../src/etl/transfers/read-logs.ts";
import { lengthOf, type Range, type Refusal } from "../../../../src/etl/transfers/refusal.ts";
import { createRequest } from "../../../../src/etl/transfers/request.ts";
import { serveStub } from "../../../helpers/etl/news.ts";
import { covers, fakeEndpoint, type FakeEndpoint, unevenBlocks } from "../../../helpers/etl/fake-endpoint.ts";

const contract = "0xc0ffee";

function optionsFor(endpoint: FakeEndpoint, whole: Range): ReadLogsOptions {
  return {
    request: endpoint.request,
    address: contract,
    topic: "0x",
    gaps: [whole],
    limits: createLimits(contract),
    sleep: async () => undefined,
    onLogs: async () => undefined,
  };
}

async function read(endpoint: FakeEndpoint, whole: Range, known?: Learned) {
  const limits = createLimits(contract, known);
  const answered: Range[] = [];
  let logs = 0;
  await readLogs({
    ...optionsFor(endpoint, whole),
    limits,
    async onLogs(range, found) {
      answered.push(range);
      logs += found.length;
    },
  });
  return { answered, logs, limits };
}

describe("readLogs", () => {
  const hidden: readonly (readonly [
    string,
    (block: number) => number,
    (range: Range, logs: number) => Refusal | undefined,
    (whole: Range) => number,
  ])[] = [
    ...[500, 800, 1000, 1024, 2000, 2048, 3333].map(
      (limit) =>
        [
          `${String(limit)} blocks, untold`,
          () => 0,
          (range: Range) => (lengthOf(range) > limit ? { message: "block range is too wide" } : undefined),
          (whole: Range) => lengthOf(whole) / limit,
        ] as const,
    ),
    [
      "1000 blocks, told",
      () => 1,
      (range) => (lengthOf(range) > 1000 ? { message: "block range exceeds 1000" } : undefined),
      (whole) => lengthOf(whole) / 1000,
    ],
    [
      "10000 logs, told",
      () => 10,
      (_, logs) => (logs > 10_000 ? { message: "query returned more than 10000 results", code: -32005 } : undefined),
      (whole) => (lengthOf(whole) * 10) / 10_000,
    ],
    [
      "5000 logs, untold",
      () => 10,
      (_, logs) => (logs > 5_000 ? { message: "Response is too big", code: -32008 } : undefined),
      (whole) => (lengthOf(whole) * 10) / 5_000,
    ],
    [
      "5000 logs, untold, uneven blocks",
      (block) => 5 + (block % 11) + (Math.floor(block / 50_000) % 2) * 4,
      (_, logs) => (logs > 5_000 ? { message: "Response is too big", code: -32008 } : undefined),
      (whole) => (lengthOf(whole) * 12) / 5_000,
    ],
    // What an ordinary chain has: each block by chance, a few per cent in the sum of a range.
    ...([[15, 0.3]] as const).map(
      ([mean, spread]) =>
        [
          `5000 logs, untold, ${String(mean)} a block ± ${String(spread * 100)} %`,
          unevenBlocks(mean, spread),
          (_: Range, logs: number) => (logs > 5_000 ? { message: "Response is too big", code: -32008 } : undefined),
          (whole: Range) => (lengthOf(whole) * mean) / 5_000,
        ] as const,
    ),
    [
      "a range is proposed",
      () => 1,
      (range) =>
        lengthOf(range) > 2000
          ? { message: `this block range should work: [${String(range.from)}, ${String(range.from + 1999)}]` }
          : undefined,
      (whole) => lengthOf(whole) / 2000,
    ],
  ];
  for (const [name, logsIn, refuse, ideal] of hidden)
    it(`needs at most 15 % more calls than the hidden limit asks for: ${name}`, async () => {
      const whole = { from: 17, to: 400_016 };
      const endpoint = fakeEndpoint(logsIn, refuse);
      const { answered } = await read(endpoint, whole);
      expect(covers(answered, whole), "covered once").to.equal(true);
      expect(endpoint.asked.length / ideal(whole)).to.be.at.most(1.15);
    });

  it("never asks a refused range again, in this run or with what it left on disk", async () => {
    await assert(
      asyncProperty(integer({ min: 3, max: 400 }), integer({ min: 5, max: 300 }), async (blocks, most) => {
        const whole = { from: 1, to: 5_000 };
        const burst = (block: number) => (block % 97 === 0 ? 5 : block % 3 === 0 ? 1 : 0);
        const endpoint = fakeEndpoint(burst, (range, logs) => {
          if (lengthOf(range) > blocks) return { message: "range too large" };
          return logs > most ? { message: "Response is too big" } : undefined;
        });
        const { answered, limits } = await read(endpoint, whole);
        await read(endpoint, whole, limits.learned());
        expect(covers(answered, whole)).to.equal(true);
        const keys = endpoint.refused.map(({ from, to }) => `${String(from)}-${String(to)}`);
        expect(new Set(keys).size).to.equal(keys.length);
      }),
      { numRuns: 60 },
    );
  });

  it("starts at the learned limit the next time", async () => {
    const refuse = (range: Range) => (lengthOf(range) > 777 ? { message: "block range is too wide" } : undefined);
    const first = fakeEndpoint(() => 0, refuse);
    const { limits } = await read(first, { from: 0, to: 99_999 });
    const second = fakeEndpoint(() => 0, refuse);
    await read(second, { from: 100_000, to: 199_999 }, limits.learned());
    expect(first.refused).not.to.have.length(0);
    expect(second.refused).to.have.length(0);
  });

  it("waits where the endpoint is busy, and asks the same range again", async () => {
    let calls = 0;
    const endpoint = fakeEndpoint(
      () => 1,
      () => ((calls += 1) % 3 === 0 ? { message: "too many requests", code: 429 } : undefined),
    );
    const { logs } = await read(endpoint, { from: 0, to: 999 });
    expect(logs).to.equal(1000);
  });

  it("keeps a bounded number of ranges in flight", async () => {
    let now = 0;
    let most = 0;
    const endpoint = fakeEndpoint(
      () => 0,
      (range) => (lengthOf(range) > 100 ? { message: "block range exceeds 100" } : undefined),
    );
    await readLogs({
      ...optionsFor(endpoint, { from: 0, to: 9_999 }),
      async request(method, params) {
        now += 1;
        most = Math.max(most, now);
        await new Promise((resolve) => setImmediate(resolve));
        try {
          return await endpoint.request(method, params);
        } finally {
          now -= 1;
        }
      },
      inFlight: 3,
    });
    expect(most).to.equal(3);
  });

  it("takes in a bounded number of ranges at a time, empty ones too", async () => {
    let now = 0;
    let most = 0;
    const endpoint = fakeEndpoint(
      () => 0,
      (range) => (lengthOf(range) > 10 ? { message: "block range exceeds 10" } : undefined),
    );
    await readLogs({
      ...optionsFor(endpoint, { from: 0, to: 999 }),
      inFlight: 3,
      async onLogs() {
        now += 1;
        most = Math.max(most, now);
        for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
        now -= 1;
      },
    });
    expect(most).to.be.within(2, 5);
  });

  it("leaves nothing half taken in where a range fails", async () => {
    let now = 0;
    const endpoint = fakeEndpoint(
      () => 1,
      () => undefined,
    );
    let calls = 0;
    const failed = readLogs({
      ...optionsFor(endpoint, { from: 0, to: 19_999 }),
      async request(method, params) {
        calls += 1;
        if (calls === 2) throw new TypeError("boom");
        for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
        return endpoint.request(method, params);
      },
      async onLogs() {
        now += 1;
        for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
        now -= 1;
      },
    });
    expect(await failed.catch((error: unknown) => error)).to.be.instanceOf(TypeError);
    expect(calls).to.be.greaterThan(2);
    expect(now).to.equal(0);
  });

  it("halves where an answer is larger than it may hold, whatever the endpoint would give", async () => {
    const server = await serveStub((request, response) => {
      void text(request).then((body) => {
        const { id, params } = JSON.parse(body) as { id: number; params: [{ fromBlock: string; toBlock: string }] };
        const [{ fromBlock, toBlock }] = params;
        const logs = Array.from({ length: Number(toBlock) - Number(fromBlock) + 1 }, () => "x".repeat(1_000_000));
        response.end(JSON.stringify({ jsonrpc: "2.0", id, result: logs }));
      });
    });
    try {
      const request = createRequest(server.url, fetch);
      const endpoint = {
        ...fakeEndpoint(
          () => 0,
          () => undefined,
        ),
        request,
      };
      const { answered } = await read(endpoint, { from: 0, to: 99 });
      expect(covers(answered, { from: 0, to: 99 })).to.equal(true);
      expect(Math.max(...answered.map(lengthOf))).to.be.at.most(17);
    } finally {
      await server.close();
    }
  });

  it("refuses where one block alone is too much", async () => {
    const endpoint = fakeEndpoint(
      (block) => (block === 5 ? 100 : 1),
      (_, logs) => (logs > 50 ? { message: "Response is too big" } : undefined),
    );
    const error = await read(endpoint, { from: 0, to: 9 }).catch((thrown: unknown) => thrown);
    expect(error).to.be.instanceOf(BlockRefusedError);
  });
});
