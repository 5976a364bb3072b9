import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { connect as connectHttp2 } from "node:http2";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Writable } from "node:stream";
import { fileURLToPath } from "node:url";

import { expect } from "chai";

import { createClient } from "../../../../src/ipc/client.ts";
import { DisconnectedError, UnreachableError } from "../../../../src/ipc/contract.ts";
import { isCode } from "../../../../src/ipc/endpoint.ts";
import { rpc } from "../../../../src/ipc/rpc/index.ts";

const fixture = fileURLToPath(new URL("../../../fixtures/ipc/serve.ts", import.meta.url));

const flood = 200 * 1024 * 1024;

/** The default cap is 16 MiB: whatever is thrown at a server, it may grow by twice as much. */
const mostGrowth = 32 * 1024 * 1024;

/** A message of this protocol that announces 4 GB, and never ends. */
const endless: Readonly<Record<string, string>> = {
  json: '{"jsonrpc":"2.0","id":1,"method":"convert","params":["',
  http: "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 4294967296\r\n\r\n",
  rest: "POST /methods/convert HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFF\r\n",
  xml: "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/xml\r\nContent-Length: 4294967296\r\n\r\n<methodCall>",
};

for (const protocol of ["json", "http", "rest", "xml", "grpc"])
  describe(`rpc, ${protocol}: hostile peers`, function () {
    this.timeout(60_000);
    let folder: string;
    let server: ChildProcess;
    let path: string;

    before(async () => {
      folder = mkdtempSync(join(tmpdir(), "rpc-hostile-"));
      path = join(folder, "s.sock");
      server = spawn(process.execPath, [fixture, "rpc", JSON.stringify({ folder, path, protocol })], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      await new Promise<void>((resolve, reject) => {
        server.once("exit", (code) => reject(new Error(`The server ended with ${String(code)}`)));
        createInterface({ input: server.stdout ?? process.stdin }).on("line", (line) => {
          if (line.startsWith("ready")) resolve();
        });
      });
      await stillServes();
    });

    after(async () => {
      const closed = once(server, "close");
      server.kill("SIGKILL");
      if (server.exitCode === null && server.signalCode === null) await closed;
      rmSync(folder, { recursive: true });
    });

    async function stillServes(): Promise<void> {
      try {
        const connection = await rpc.connect({ endpoint: { folder, path, protocol } });
        expect(await createClient(connection).call("multiply", [8, 8])).to.equal(64);
        await connection.close();
      } catch (error) {
        // grpc-js does not say why it could not connect; where the server is gone, the time limit of the test ends this.
        const isGrpc = protocol === "grpc" && (error instanceof UnreachableError || error instanceof DisconnectedError);
        if (!isGrpc && !(error instanceof Error && isCode(error.cause, "EAGAIN"))) throw error;
        // The kernel's backlog is full while the server still accepts the crowd before us.
        await stillServes();
      }
    }

    function residentBytes(): number {
      const status = readFileSync(`/proc/${String(server.pid)}/status`, "utf8");
      return Number(/VmHWM:\s+(\d+)/u.exec(status)?.[1]) * 1024;
    }

    const open = async (): Promise<Socket> => {
      for (;;) {
        const socket = connect(path);
        // A full backlog is the kernel's answer, not the server's: it wants another try.
        const failed = new Promise<void>((resolve) => socket.once("error", () => resolve()));
        await Promise.race([once(socket, "connect").catch(() => undefined), failed]);
        socket.on("error", () => undefined).resume();
        if (!socket.destroyed) return socket;
        await new Promise<void>((resolve) => setImmediate(resolve));
      }
    };

    it("survives random bytes", async () => {
      await Promise.all(
        Array.from({ length: 100 }, async (_, index) => {
          const socket = await open();
          const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
          socket.end(randomBytes(1 + index * 50));
          await closed;
        }),
      );
      await stillServes();
    });

    it("keeps nothing of a message that announces 4 GB and sends 200 MB", async () => {
      const before = residentBytes();
      if (protocol === "grpc") await floodGrpc(path);
      else {
        const socket = await open();
        socket.write(endless[protocol] ?? "");
        await pour(socket);
        socket.destroy();
      }
      await stillServes();
      expect(residentBytes() - before).to.be.below(mostGrowth);
    });

    it("serves beside 1,000 idle connections and half messages", async () => {
      const before = residentBytes();
      const sockets: Socket[] = [];
      for (let index = 0; index < 1000; index++) {
        const socket = await open();
        if (index % 10 === 0)
          socket.write((endless[protocol] ?? "PRI * HTTP/2.0\r\n\r\nSM").slice(0, 20 + (index % 7)));
        sockets.push(socket);
      }
      await stillServes();
      expect(residentBytes() - before).to.be.below(mostGrowth);
      for (const socket of sockets) socket.destroy();
      await stillServes();
    });

    it("stops on SIGTERM though somebody stays connected and says nothing, or half a sentence", async () => {
      const [idle, half] = [await open(), await open()];
      half.write((endless[protocol] ?? "PRI * HT").slice(0, 8));
      await stillServes();
      server.removeAllListeners("exit");
      server.kill("SIGTERM");
      const [code] = (await once(server, "exit")) as [number];
      expect(code).to.equal(0);
      idle.destroy();
      half.destroy();
    });
  });

/** Writes the flood as fast as it is taken; the server may hang up meanwhile. */
async function pour(stream: Writable): Promise<void> {
  const chunk = Buffer.alloc(1024 * 1024, "x");
  const closed = new Promise<void>((resolve) => stream.once("close", () => resolve()));
  for (let sent = 0; sent < flood && !stream.destroyed; sent += chunk.length) {
    if (stream.write(chunk)) continue;
    await Promise.race([new Promise<void>((resolve) => stream.once("drain", () => resolve())), closed]);
  }
}

async function floodGrpc(path: string): Promise<void> {
  const session = connectHttp2("http://localhost", { createConnection: () => connect(path) });
  session.on("error", () => undefined);
  const stream = session.request({
    ":method": "POST",
    ":path": "/metacoin.ipc.Ipc/Call",
    "content-type": "application/grpc",
    te: "trailers",
  });
  stream.on("error", () => undefined).resume();
  stream.write(Buffer.from([0, 0xff, 0xff, 0xff, 0xff]));
  await pour(stream);
  session.destroy();
}
