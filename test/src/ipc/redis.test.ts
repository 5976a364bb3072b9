import { redis } from "../../../src/ipc/redis.ts";
import { conformance } from "../../helpers/ipc/conformance.ts";
import { type Redis, startRedis } from "../../helpers/ipc/redis.ts";

describe("redis", () => {
  let server: Redis;
  before(async () => {
    server = await startRedis();
  });
  after(() => server.stop());

  conformance("redis", { transport: redis, noFarewell: true, endpoint: () => ({ url: server.url }) });
});
