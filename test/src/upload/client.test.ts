import { appendFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";

import { ForeignServerError } from "../../../src/upload/client-answer.ts";
import { createConnection, RefusedError, UnreachableError, type Connection } from "../../../src/upload/client-http.ts";
import { connect } from "../../../src/upload/client-session.ts";
import { FileChangedError, HashMismatchError, sendFile, type SendOptions } from "../../../src/upload/client.ts";
import { rejection } from "../../helpers/rejection.ts";
import { makeFile } from "../../helpers/upload/file.ts";
import { startSite, type Site } from "../../helpers/upload/site.ts";
import { until } from "../../helpers/upload/until.ts";

const MiB = 1024 * 1024;

describe("sending files", () => {
  let dir: string;
  let site: Site;
  let connection: Connection;
  let options: SendOptions;

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), "upload-client-"));
    site = await startSite();
    connection = createConnection({ base: new URL(site.url), parallel: 4 });
    options = { connection, dir: "", chunk: MiB, parallel: 4, patienceMs: 20_000 };
  });
  afterEach(async () => {
    connection.close();
    await site.close();
    await rm(dir, { recursive: true });
  });

  const received = () => site.store.uploads.list("active")[0]?.received ?? 0;

  it("sends in parallel chunks, and tells url and hash", async () => {
    const path = join(dir, "a b.bin");
    const sha256 = await makeFile(path, 10 * MiB + 7);
    const steps: string[] = [];
    const sent = await sendFile(path, {
      ...options,
      dir: "x/日本",
      onProgress: ({ step, done, size }) => steps.push(`${step} ${String(Math.floor((10 * done) / size))}`),
    });
    expect(sent).to.deep.equal({
      path,
      url: `${site.url}f/x/${encodeURIComponent("日本")}/a%20b.bin`,
      size: 10 * MiB + 7,
      sha256,
      resumedFrom: 0,
    });
    expect(steps).to.include.members(["hashing 10", "sending 0", "sending 5", "sending 10"]);
    expect(site.store.files.find({ dir: "x/日本", name: "a b.bin" })).to.include({ sha256 });
  });

  for (const size of [0, 1, MiB, MiB + 1])
    it(`sends ${String(size)} bytes`, async () => {
      const path = join(dir, "edge");
      const sha256 = await makeFile(path, size);
      expect(await sendFile(path, options)).to.include({ sha256, size });
    });

  it("sends nothing of what is there already, from any copy of the file", async () => {
    const path = join(dir, "same.bin");
    const sha256 = await makeFile(path, 3 * MiB);
    await sendFile(path, options);
    site.letThrough(0);
    expect(await sendFile(path, options)).to.include({ sha256, resumedFrom: 3 * MiB });
  });

  it("goes on after it was ended in the middle", async () => {
    const path = join(dir, "ended.bin");
    const sha256 = await makeFile(path, 10 * MiB);
    site.letThrough(6);
    const ending = new AbortController();
    const first = rejection(sendFile(path, { ...options, signal: ending.signal }));
    await until("six chunks are there", () => received() === 6 * MiB && site.held() === 4);
    ending.abort(new RangeError("ended"));
    expect(await first).to.be.instanceOf(RangeError);
    site.dropHeld();
    site.letThrough(4);
    expect(await sendFile(path, options)).to.include({ sha256, resumedFrom: 6 * MiB });
  });

  it("waits for a server that restarts, and resends nothing that was whole", async () => {
    const path = join(dir, "patient.bin");
    const sha256 = await makeFile(path, 10 * MiB);
    site.letThrough(5);
    const waits: string[] = [];
    const sending = sendFile(path, { ...options, onWait: ({ name }) => waits.push(name) });
    await until("five chunks are there", () => received() === 5 * MiB && site.held() === 4);
    await site.restart();
    expect(received()).to.equal(5 * MiB);
    site.letThrough(5);
    expect(await sending).to.include({ sha256 });
    expect(waits).to.include("UnreachableError");
  });

  it("begins anew where the upload was removed meanwhile", async () => {
    const path = join(dir, "removed.bin");
    const sha256 = await makeFile(path, 4 * MiB);
    site.letThrough(1);
    const sending = sendFile(path, options);
    await until("a chunk is there", () => received() === MiB && site.held() === 3);
    await site.store.uploads.remove(site.store.uploads.list("active")[0]?.id ?? "");
    site.letThrough(Number.POSITIVE_INFINITY);
    expect(await sending).to.include({ sha256 });
  });

  it("makes its directory again where that was removed meanwhile", async () => {
    const path = join(dir, "homeless.bin");
    const sha256 = await makeFile(path, 2 * MiB);
    site.letThrough(1);
    const sending = sendFile(path, { ...options, dir: "short/lived" });
    await until("a chunk is there", () => received() === MiB && site.held() === 1);
    site.store.files.removeDirectory("short/lived");
    site.letThrough(Number.POSITIVE_INFINITY);
    expect(await sending).to.include({ sha256 });
  });

  it("refuses to replace another file of that name, and says so", async () => {
    const path = join(dir, "taken.txt");
    await writeFile(path, "first");
    await sendFile(path, options);
    await writeFile(path, "second");
    const refusal = await rejection(sendFile(path, options));
    expect(refusal).to.be.instanceOf(RefusedError);
    expect(refusal).to.include({ status: 409, code: "NAME_TAKEN" });
  });

  it("notices a file that changes while it is sent", async () => {
    const path = join(dir, "growing.log");
    await makeFile(path, 3 * MiB);
    site.letThrough(1);
    const sending = rejection(sendFile(path, options));
    await until("a chunk is there", () => received() === MiB && site.held() === 2);
    await appendFile(path, "one more line");
    site.letThrough(Number.POSITIVE_INFINITY);
    expect(await sending).to.be.instanceOf(FileChangedError);
  });

  it("gives up where nobody answers for too long", async () => {
    const path = join(dir, "a");
    await makeFile(path, 1);
    const nobody = createConnection({ base: new URL("http://127.0.0.1:1/") });
    const failure = await rejection(sendFile(path, { ...options, connection: nobody, patienceMs: 300 }));
    expect(failure).to.be.instanceOf(UnreachableError);
  });

  it("does not take another program for an upload server", async () => {
    const other = createServer((_, response) => response.end("<html>"));
    other.listen(0, "127.0.0.1");
    await once(other, "listening");
    const { port } = other.address() as AddressInfo;
    const base = new URL(`http://127.0.0.1:${String(port)}/`);
    const askPassword = () => Promise.reject(new Error("asked"));
    expect(await rejection(connect({ base, askPassword }))).to.be.instanceOf(ForeignServerError);
    other.close();
    other.closeAllConnections();
  });

  it("does not believe a server that publishes something else", async () => {
    const liar = createServer((_, response) => {
      const upload = {
        id: "1",
        state: "done",
        dir: "",
        name: "a",
        size: 5,
        have: [],
        missing: [],
        chunk: 1,
        parallel: 1,
      };
      const rest = { expires: null, sha256: "0".repeat(64), url: "/f/a", reason: null };
      response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ ...upload, ...rest }));
    });
    liar.listen(0, "127.0.0.1");
    await once(liar, "listening");
    const { port } = liar.address() as AddressInfo;
    const path = join(dir, "a");
    await makeFile(path, 5);
    const other = createConnection({ base: new URL(`http://127.0.0.1:${String(port)}/`) });
    expect(await rejection(sendFile(path, { ...options, connection: other }))).to.be.instanceOf(HashMismatchError);
    other.close();
    liar.close();
  });
});
