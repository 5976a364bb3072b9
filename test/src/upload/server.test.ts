import { once } from "node:events";
import { request as openRequest, type IncomingMessage } from "node:http";
import { connect } from "node:net";

import { expect } from "chai";

import type { UploadAnswer } from "../../../src/upload/protocol.ts";
import { StoreError } from "../../../src/upload/failures.ts";
import { startServing } from "../../../src/upload/serve.ts";
import { formatLog } from "../../../src/upload/log.ts";
import { quote } from "../../../src/upload/names.ts";
import { createUploadServer } from "../../../src/upload/server.ts";
import { bytesOf, serveStore, type TestServer } from "../../helpers/upload/server.ts";

describe("upload: server", () => {
  let server: TestServer;
  before(async () => {
    server = await serveStore({ maxSize: 10_000_000 });
  });
  after(async () => {
    await server.close();
  });
  const begin = async (name: string, size: number, { url } = server) => {
    const response = await fetch(`${url}/u`, { method: "POST", body: JSON.stringify({ name, size }) });
    return (await response.json()) as UploadAnswer;
  };
  const answerTo = async (request: ReturnType<typeof openRequest>): Promise<IncomingMessage> => {
    const [response] = await once(request, "response");
    return response;
  };

  it("ends a request that stalls, and keeps what it brought", async () => {
    // A server of its own: a busy machine may keep any request waiting so long.
    const impatient = await serveStore({ rate: { minBytes: 1000, windowMs: 300 } });
    try {
      const { id } = await begin("stalled", 1000, impatient);
      const request = openRequest(`${impatient.url}/u/${id}?offset=0`, {
        method: "PUT",
        headers: { "content-length": 1000 },
      });
      request.write("hello");
      expect((await answerTo(request)).statusCode).to.equal(408);
      request.destroy();
      expect(impatient.store.uploads.ranges(id)).to.deep.equal([[0, 5]]);
    } finally {
      await impatient.close();
    }
  });

  it("lets a slow upload take longer than Node would", () => {
    expect(createUploadServer({ store: server.store })).to.include({
      requestTimeout: 0,
      headersTimeout: 15_000,
      maxConnections: 256,
    });
  });

  it("refuses a body before its first byte where the client waits for that", async () => {
    const { id } = await begin("asks", 1000);
    const request = openRequest(`${server.url}/u/${id}?offset=0`, {
      method: "PUT",
      headers: { expect: "100-continue", "content-length": 2000 },
    });
    let continued = false;
    request.on("continue", () => (continued = true)).flushHeaders();
    expect((await answerTo(request)).statusCode).to.equal(413);
    expect(continued).to.be.false;
    request.destroy();
  });

  it("keeps what came before a connection was cut", async () => {
    const { id } = await begin("cut", 5_000_000);
    const bytes = bytesOf(2_000_000);
    const request = openRequest(`${server.url}/u/${id}?offset=0`, {
      method: "PUT",
      headers: { "content-length": 5_000_000 },
    });
    request.on("error", () => undefined);
    await new Promise<void>((resolve) => request.write(bytes, () => resolve()));
    request.destroy();
    while (!server.lines.some((line) => line.includes("The connection ended before the body did")))
      await fetch(`${server.url}/healthz`);
    const [[start, end] = [1, 0]] = server.store.uploads.ranges(id);
    expect(start).to.equal(0);
    expect(end).to.be.greaterThan(0);
  });

  it("records what came before it was ended itself", async () => {
    let other = await serveStore();
    const response = await fetch(`${other.url}/u`, {
      method: "POST",
      body: JSON.stringify({ name: "a", size: 5_000_000 }),
    });
    const { id } = (await response.json()) as UploadAnswer;
    const request = openRequest(`${other.url}/u/${id}?offset=0`, {
      method: "PUT",
      headers: { "content-length": 5_000_000 },
    });
    request.on("error", () => undefined);
    await new Promise<void>((resolve) => request.write(bytesOf(2_000_000), () => resolve()));
    while (!(await (await fetch(`${other.url}/metrics`)).text()).includes("upload_received_bytes_total 2000000"));
    other = await other.restart();
    try {
      expect(other.store.repair).to.be.undefined;
      expect(other.store.uploads.ranges(id)).to.deep.equal([[0, 2_000_000]]);
    } finally {
      await other.close();
    }
  });

  it("says so where it cannot listen", async () => {
    const { port } = new URL(server.url);
    const error = await startServing({ store: server.store, host: "127.0.0.1", port: Number(port) }).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).to.be.instanceOf(StoreError);
    expect(error).to.have.property("message").that.contains("cannot be listened on");
  });

  it("answers nonsense with a refusal and stays well", async () => {
    const { port } = new URL(server.url);
    for (const nonsense of [
      "GARBAGE\r\n\r\n",
      `GET /${"x".repeat(40_000)} HTTP/1.1\r\n\r\n`,
      "POST /u HTTP/1.1\r\nHost: a\r\nContent-Length: -5\r\n\r\n",
    ]) {
      const socket = connect(Number(port), "127.0.0.1").on("error", () => undefined);
      socket.end(nonsense);
      const [answer] = await once(socket, "data");
      expect(String(answer)).to.match(/^HTTP\/1\.1 4\d\d /u);
      socket.destroy();
    }
    for (const path of ["/u/x/y/z", "/files/../../x", "/nothing", "/upload", "/drop", "//", "/f"])
      expect((await fetch(`${server.url}${path}`)).status, path).to.be.within(400, 499);
    expect((await fetch(`${server.url}/upload`, { method: "POST", body: "x" })).status).to.equal(400);
    expect((await fetch(`${server.url}/healthz`)).status).to.equal(200);
  });

  it("says 500 and the reason where its folder is gone, and no path", async () => {
    const other = await serveStore();
    try {
      const response = await fetch(`${other.url}/u`, { method: "POST", body: JSON.stringify({ name: "a", size: 3 }) });
      const { id } = (await response.json()) as UploadAnswer;
      const { rename } = await import("node:fs/promises");
      await rename(`${other.dir}/incoming`, `${other.dir}/elsewhere`);
      const answer = await fetch(`${other.url}/u/${id}?offset=0`, { method: "PUT", body: "abc" });
      expect([answer.status, await answer.json()]).to.deep.equal([
        500,
        { error: { code: "STORE_UNUSABLE", message: "The store's folder is gone" } },
      ]);
      await rename(`${other.dir}/elsewhere`, `${other.dir}/incoming`);
      expect((await fetch(`${other.url}/u/${id}?offset=0`, { method: "PUT", body: "abc" })).status).to.equal(200);
    } finally {
      await other.close();
    }
  });

  it("asks the guard before any byte of a body, and the other handlers before the protocols", async () => {
    const asked: string[] = [];
    const guarded = await serveStore({
      guard: async ({ method }, response) => {
        asked.push(`guard ${String(method)}`);
        if (method !== "PUT") return false;
        response.writeHead(401).end();
        return true;
      },
      handlers: [
        async (_, response, { pathname }) => {
          asked.push(`page ${pathname}`);
          if (pathname !== "/") return false;
          response.end("page");
          return true;
        },
      ],
    });
    try {
      expect(await (await fetch(guarded.url)).text()).to.equal("page");
      expect((await fetch(`${guarded.url}/u/x?offset=0`, { method: "PUT", body: "abc" })).status).to.equal(401);
      expect((await fetch(`${guarded.url}/healthz`)).status).to.equal(200);
      expect(asked).to.deep.equal(["guard GET", "page /", "guard PUT", "guard GET", "page /healthz"]);
    } finally {
      await guarded.close();
    }
  });

  it("writes log lines that a name cannot break", () => {
    expect(formatLog("info", `file ${quote('a"\\\n')} done\u202E\u001B[31m`, 0)).to.equal(
      '1970-01-01T00:00:00.000Z info  file "a\\"\\\\\\n" done\\u202e\\u001b[31m',
    );
  });
});
