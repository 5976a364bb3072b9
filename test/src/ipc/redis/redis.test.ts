import { expect } from "chai";

import { createClient } from "../../../../src/ipc/client.ts";
import { redis } from "../../../../src/ipc/redis/index.ts";
import { conformance, openPair } from "../../../helpers/ipc/conformance.ts";
import { type Redis, startRedis } from "../../../helpers/ipc/redis.ts";

describe("redis", () => {
  let server: Redis;
  before(async () => {
    server = await startRedis();
  });
  after(() => server.stop());

  conformance("redis", { transport: redis, noFarewell: true, endpoint: () => ({ url: server.url }) });

  it("goes on with a Redis that was killed and has forgotten everything, and says so once", async () => {
    const faults: string[] = [];
    const pair = await openPair(
      { transport: redis, endpoint: () => ({ url: server.url }) },
      { onFault: ({ message }) => faults.push(message) },
    );
    expect(await createClient(pair.connection).call("add", [1, 1])).to.equal(2);
    await server.restart();
    expect(await createClient(await pair.connect()).call("add", [2, 2])).to.equal(4);
    expect(await createClient(pair.connection).call("add", [3, 3])).to.equal(6);
    expect(faults).to.have.length(1);
    expect(faults[0]).to.contain("waiting for it");
    await pair.stop();
  });
});
