import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";

import { createClient } from "../../../src/ipc/client.ts";
import type { Endpoint, TransportName } from "../../../src/ipc/contract.ts";
import { loadTransport } from "../../../src/ipc/registry.ts";
import { failureOf } from "../../helpers/ipc/conformance.ts";
import { type Program, run, startServer, startServing } from "../../helpers/ipc/programs.ts";
import { type Redis, startRedis } from "../../helpers/ipc/redis.ts";

const soak = process.env["SOAK"] === "1";

describe("crashes", function () {
  this.timeout(soak ? 600_000 : 60_000);
  let folder: string;
  let programs: Program[];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "ipc-"));
    programs = [];
  });
  afterEach(async () => {
    await Promise.all(programs.map(({ kill }) => kill()));
    rmSync(folder, { recursive: true, force: true });
  });
  const keep = <Kept extends Program>(program: Kept): Kept => {
    programs.push(program);
    return program;
  };
  const open = async (name: TransportName, endpoint: Endpoint) => {
    const transport = await loadTransport(name);
    const connection = await transport.connect({ endpoint });
    return { connection, client: createClient(connection) };
  };

  for (const name of ["socket", "fifo", "shm", "file"] as const) {
    it(`${name}: a killed server fails open calls at once, and the next one starts over what it left`, async () => {
      const endpoint = { folder };
      const first = keep(await startServer(name, endpoint));
      const { connection, client } = await open(name, endpoint);
      expect(await client.call("add", [1, 1])).to.equal(2);
      first.child.kill("SIGSTOP");
      const reply = failureOf(client.call("add", [2, 2], { deadlineMs: 20_000 }));
      await first.kill();
      expect(await reply).to.include({ code: "DISCONNECTED" });
      await connection.close();

      keep(await startServer(name, endpoint));
      const again = await open(name, endpoint);
      expect(await again.client.call("add", [3, 3])).to.equal(6);
      await again.connection.close();
    });

    it(`${name}: a killed client leaves the server serving`, async () => {
      const endpoint = { folder };
      keep(await startServer(name, endpoint));
      const script = [
        `import { loadTransport } from ${JSON.stringify(new URL("../../../src/ipc/registry.ts", import.meta.url).href)};`,
        `import { Cancellation } from ${JSON.stringify(new URL("../../../src/ipc/cancellation.ts", import.meta.url).href)};`,
        `const transport = await loadTransport("${name}");`,
        `const connection = await transport.connect({ endpoint: ${JSON.stringify(endpoint)} });`,
        `await connection.request("add", [1, 1], new Cancellation());`,
        `console.log("asked");`,
        `setInterval(() => connection.request("add", [1, 1], new Cancellation()), 1);`,
      ].join("\n");
      const client = keep(run(process.execPath, ["--input-type=module", "-e", script]));
      await client.line((line) => line === "asked");
      await client.kill();
      const { connection, client: next } = await open(name, endpoint);
      expect(await next.call("add", [3, 3])).to.equal(6);
      await connection.close();
    });

    it(`${name}: a second server is refused while the first lives`, async () => {
      keep(await startServer(name, { folder }));
      const second = keep(startServing(name, { folder }));
      expect(await second.line((line) => line.startsWith("refused"))).to.equal("refused ENDPOINT_BUSY");
    });
  }

  it("redis: calls of a killed server are answered by the next one", async () => {
    const redis: Redis = await startRedis();
    try {
      const endpoint = { folder, url: redis.url };
      const first = keep(await startServer("redis", endpoint));
      const { connection, client } = await open("redis", endpoint);
      expect(await client.call("add", [1, 1])).to.equal(2);
      first.child.kill("SIGSTOP");
      const replies = Array.from({ length: 20 }, (_, index) => client.call("add", [index, index]));
      await first.kill();
      keep(await startServer("redis", endpoint));
      expect(await Promise.all(replies)).to.deep.equal(replies.map((_, index) => index * 2));
      await connection.close();
    } finally {
      await redis.stop();
    }
  });

  it("file: a torn file is moved aside", async () => {
    const path = join(folder, "c.json");
    writeFileSync(path, '{"half": ');
    const server = keep(await startServer("file", { folder, path }));
    await server.line((line) => line.includes(".bad"));
    const { connection, client } = await open("file", { folder, path });
    expect(await client.call("add", [1, 1])).to.equal(2);
    await connection.close();
  });

  it("socket: the file has mode 0600, and a file that is no socket is never removed", async () => {
    const server = keep(await startServer("socket", { folder }));
    expect(statSync(server.address).mode & 0o777).to.equal(0o600);
    writeFileSync(join(folder, "precious"), "data");
    const other = keep(startServing("socket", { folder, path: join(folder, "precious") }));
    expect(await other.line((line) => line.startsWith("refused"))).to.equal("refused NOT_A_SOCKET");
    expect(statSync(join(folder, "precious")).size).to.equal(4);
  });

  it(`four servers at once over a stale socket: one owner in each of ${soak ? "100" : "10"} rounds`, async function () {
    this.timeout(soak ? 600_000 : 180_000);
    const rounds = soak ? 100 : 10;
    for (let round = 0; round < rounds; round += 1) {
      const path = join(folder, `s${String(round)}`);
      await leaveStaleSocket(path);
      const servers = Array.from({ length: 4 }, () => keep(startServing("socket", { folder, path })));
      const said = await Promise.all(servers.map(({ line }) => line((text) => /^(?:ready|refused) /u.test(text))));
      expect(said.filter((line) => line.startsWith("ready"))).to.have.length(1);
      expect(said.filter((line) => line === "refused ENDPOINT_BUSY")).to.have.length(3);
      const { connection, client } = await open("socket", { folder, path });
      expect(await client.call("add", [1, 1])).to.equal(2);
      await connection.close();
      await Promise.all(servers.map(({ kill }) => kill()));
    }
  });

  for (const name of ["socket", "fifo", "shm"] as const) {
    it(`${name}: no reply is lost when the server is told to stop amid calls`, async () => {
      let answered = 0;
      for (let round = 0; round < (soak ? 50 : 3); round += 1) {
        const server = keep(await startServer(name, { folder }));
        const { connection, client } = await open(name, { folder });
        const replies: Promise<unknown>[] = [];
        for (let index = 0; index < 1000; index += 1) {
          replies.push(client.call("add", [index, 0]));
          if (index === 500) server.child.kill("SIGTERM");
        }
        const settled = await Promise.allSettled(replies);
        answered += settled.filter(({ status }) => status === "fulfilled").length;
        expect(settled.filter(({ status }) => status === "rejected")).to.deep.equal([]);
        expect(await server.ended).to.equal(0);
        await connection.close();
      }
      expect(answered).to.equal(1000 * (soak ? 50 : 3));
    });
  }
});

/** A socket file whose server was killed: bound, and nobody behind it. */
async function leaveStaleSocket(path: string): Promise<void> {
  const code = `require("net").createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, "SIGKILL"))`;
  await run(process.execPath, ["-e", code]).ended;
  expect(statSync(path).isSocket()).to.equal(true);
  const probe = createServer();
  const refused = await failureOf(
    new Promise((resolve, reject) => {
      probe.once("error", reject).listen(path, () => resolve("bound"));
    }),
  );
  expect(refused).to.have.property("code", "EADDRINUSE");
}
