import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { closeSync, constants, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { connect as dial, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";

import { createClient } from "../../../src/ipc/client.ts";
import { defaultLimits, type Endpoint, type TransportName } from "../../../src/ipc/contract.ts";
import { loadTransport } from "../../../src/ipc/registry.ts";
import { failureOf, turn } from "../../helpers/ipc/conformance.ts";
import { type Program, startServer } from "../../helpers/ipc/programs.ts";

const mebibyte = 1024 * 1024;
const key = "the right key";

/** Every server that takes bytes from strangers: where it listens, and whether it asks for a key. */
const targets: readonly {
  readonly title: string;
  readonly name: TransportName;
  readonly endpoint: Partial<Endpoint>;
  readonly key?: string;
}[] = [
  { title: "socket without a key", name: "socket", endpoint: {} },
  { title: "socket with a key", name: "socket", endpoint: {}, key },
  { title: "socket on TCP", name: "socket", endpoint: { port: 0 }, key },
  { title: "Python's protocol", name: "socket", endpoint: { protocol: "python" }, key },
  { title: "Python's protocol on TCP", name: "socket", endpoint: { protocol: "python", port: 0 }, key },
  { title: "mqtt", name: "mqtt", endpoint: { port: 0 }, key },
];

describe("hostile input", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "ipc-"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  for (const target of targets) {
    describe(target.title, () => {
      let server: Program & { readonly address: string };
      let endpoint: Endpoint;
      let residentBytes: number;
      let folder: string;
      // One server takes all of it, so what one attack left would show in the next.
      before(async () => {
        folder = mkdtempSync(join(tmpdir(), "ipc-"));
        server = await startServer(target.name, { folder, ...target.endpoint }, target.key);
        const port = /:(\d+)$/u.exec(server.address)?.[1];
        endpoint = { folder, ...target.endpoint, ...(port === undefined ? {} : { port: Number(port) }) };
        await stillServes();
        residentBytes = server.residentBytes();
      });
      after(async () => {
        await server.kill();
        rmSync(folder, { recursive: true, force: true });
      });

      const secret = target.key === undefined ? undefined : Buffer.from(target.key);
      const stillServes = async () => {
        const transport = await loadTransport(target.name);
        const connection = await transport.connect({ endpoint, key: secret });
        expect(await createClient(connection).call("multiply", [8, 8])).to.equal(64);
        await connection.close();
      };
      const open = async (): Promise<Socket> => {
        const socket =
          endpoint.port === undefined ? dial(server.address) : dial({ port: endpoint.port, host: "127.0.0.1" });
        socket.on("error", () => undefined).resume();
        await once(socket, "connect");
        return socket;
      };
      const staysSmall = () =>
        expect(server.residentBytes() - residentBytes).to.be.below(2 * defaultLimits.maxMessageBytes);

      it("random bytes", async () => {
        for (let round = 0; round < 20; round += 1) {
          const socket = await open();
          socket.end(randomBytes(10_000));
          if (!socket.closed) await once(socket, "close");
        }
        await stillServes();
        staysSmall();
      });

      it("a header of 4 GB, then 200 MB", async () => {
        const socket = await open();
        // The length field of each: ours and Python's are four bytes, MQTT's seven bits a byte after a type.
        socket.write(target.name === "mqtt" ? Buffer.from([0x30, 0xff, 0xff, 0xff, 0x7f]) : Buffer.alloc(4, 0xff));
        const block = Buffer.alloc(mebibyte, 0x41);
        for (let sent = 0; sent < 200 && !socket.destroyed && socket.writable; sent += 1) {
          if (!socket.write(block)) await once(socket, "drain").catch(() => undefined);
        }
        socket.destroy();
        await stillServes();
        staysSmall();
      });

      it("half frames", async () => {
        const sockets = await Promise.all(Array.from({ length: 20 }, open));
        for (const [index, socket] of sockets.entries())
          socket.write(Buffer.from([0, 0, 0, 200, 1, 2, 3]).subarray(0, 1 + (index % 7)));
        await stillServes();
        for (const socket of sockets) socket.destroy();
        await stillServes();
        staysSmall();
      });

      it("1,000 idle connections", async () => {
        const sockets: Socket[] = [];
        while (sockets.length < 1000) sockets.push(...(await Promise.all(Array.from({ length: 100 }, open))));
        await stillServes();
        for (const socket of sockets) socket.destroy();
        await stillServes();
        staysSmall();
      });

      if (target.key !== undefined) {
        it("a wrong key, and no key", async () => {
          const transport = await loadTransport(target.name);
          const wrong = await failureOf(transport.connect({ endpoint, key: Buffer.from("a wrong key!!") }));
          expect(wrong).to.have.property("code").that.is.oneOf(["WRONG_KEY", "UNREACHABLE"]);
          const socket = await open();
          // Nobody who proves nothing keeps a place.
          await once(socket, "close");
          await stillServes();
        });
      }
    });
  }

  it("fifo: random bytes, half frames, a reply FIFO that is none", async () => {
    const server = await startServer("fifo", { folder });
    const before = server.residentBytes();
    const fd = openSync(server.address, constants.O_WRONLY);
    for (let round = 0; round < 50; round += 1) writeSync(fd, randomBytes(4000));
    writeFileSync(join(folder, "precious"), "data");
    for (const name of ["../../../../../etc/passwd", "/etc/passwd             ", "f".repeat(24)]) {
      const body = `\u0001${name.padEnd(24).slice(0, 24)}\u0001....["add",[1,1]]`;
      writeSync(fd, `X${String(body.length).padStart(4, "0")}${body}`);
    }
    writeSync(fd, "X9999half");
    closeSync(fd);
    const transport = await loadTransport("fifo");
    const connection = await transport.connect({ endpoint: { folder } });
    // The half frame swallows what follows until it is given up; then the next call gets through.
    for (;;) {
      const outcome = await createClient(connection)
        .call("add", [1, 1], { deadlineMs: 500 })
        .catch(() => undefined);
      if (outcome === 2) break;
    }
    await connection.close();
    expect(server.residentBytes() - before).to.be.below(2 * defaultLimits.maxMessageBytes);
    await server.kill();
  });

  it("file: 200 MB of it are moved aside unread", async () => {
    const path = join(folder, "commands.json");
    const server = await startServer("file", { folder });
    const before = server.residentBytes();
    writeFileSync(path, Buffer.alloc(200 * mebibyte, 0x5b));
    await server.line((line) => line.includes("moved to"));
    const connection = await (await loadTransport("file")).connect({ endpoint: { folder } });
    expect(await createClient(connection).call("add", [1, 1])).to.equal(2);
    await connection.close();
    expect(server.residentBytes() - before).to.be.below(2 * defaultLimits.maxMessageBytes);
    await server.kill();
  });

  it("shm: a client that scribbles over the memory harms itself alone", async () => {
    const server = await startServer("shm", { folder });
    const before = server.residentBytes();
    const { readFileSync } = await import("node:fs");
    const { pid, fd } = JSON.parse(readFileSync(server.address, "utf8")) as { pid: number; fd: number };
    const { openSharedMemory } = await import("../../../src/ipc/memory.ts");
    const memory = openSharedMemory(pid, fd);
    const { ftruncateSync } = await import("node:fs");
    const raw = openSync(`/proc/${String(pid)}/fd/${String(fd)}`, "r+");
    expect(() => ftruncateSync(raw, 0)).to.throw("EPERM");
    closeSync(raw);
    // The first slot: a living owner, then counters and a header that cannot be.
    const slot = 4096 / 4;
    memory.words[slot + 32] = -5;
    memory.words[slot] = process.pid;
    memory.words[0] = (memory.words[0] ?? 0) + 1;
    memory.wake(0);
    await server.line((line) => line.includes("make no sense"));
    memory.bytes.fill(0xff, 4096 + 4096, 4096 + 4096 + 256);
    memory.words[slot + 32] = 256;
    memory.words[slot] = process.pid;
    memory.words[0] = (memory.words[0] ?? 0) + 1;
    memory.wake(0);
    await server.line((line) => line.includes("announced"));
    memory.close();
    const connection = await (await loadTransport("shm")).connect({ endpoint: { folder } });
    expect(await createClient(connection).call("add", [1, 1])).to.equal(2);
    await connection.close();
    expect(server.residentBytes() - before).to.be.below(2 * defaultLimits.maxMessageBytes);
    await server.kill();
  });

  it("lines: a file cut short under the server's feet", async () => {
    const path = join(folder, "lines");
    const server = await startServer("shm", { folder, path, protocol: "lines" });
    const { truncateSync } = await import("node:fs");
    truncateSync(path, 0);
    writeFileSync(path, "after\n");
    await server.line((line) => line.includes('[0,"after"]'));
    await turn();
    await server.kill();
  });
});
