import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";

import { FileExistsError, getFile, NoDigestError, type GetOptions } from "../../../src/upload/client-get.ts";
import { createConnection, RefusedError, type Connection } from "../../../src/upload/client-http.ts";
import { HashMismatchError, sendFile } from "../../../src/upload/client.ts";
import { rejection } from "../../helpers/rejection.ts";
import { makeFile } from "../../helpers/upload/file.ts";
import { startSite, type Site } from "../../helpers/upload/site.ts";

const MiB = 1024 * 1024;

describe("getting files", () => {
  let dir: string;
  let out: string;
  let site: Site;
  let connection: Connection;
  let options: GetOptions;
  let url: URL;
  let sha256: string;
  const size = 6 * MiB + 5;

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), "upload-get-"));
    out = join(dir, "out");
    await mkdir(out);
    site = await startSite();
    connection = createConnection({ base: new URL(site.url), parallel: 4 });
    const path = join(dir, "data 1.bin");
    sha256 = await makeFile(path, size);
    const sent = await sendFile(path, { connection, dir: "x", chunk: MiB, parallel: 4, patienceMs: 5000 });
    url = new URL(sent.url);
    options = { connection, out, patienceMs: 5000 };
  });
  afterEach(async () => {
    connection.close();
    await site.close();
    await rm(dir, { recursive: true });
  });

  it("brings the file under its name, with nothing left beside it", async () => {
    const got = await getFile(url, options);
    expect(got).to.deep.equal({ path: join(out, "data 1.bin"), size, sha256, resumedFrom: 0 });
    expect(await readdir(out)).to.deep.equal(["data 1.bin"]);
    expect(Buffer.compare(await readFile(got.path), await readFile(join(dir, "data 1.bin")))).to.equal(0);
  });

  it("continues where an ended run was", async () => {
    const ending = new AbortController();
    const first = rejection(
      getFile(url, {
        ...options,
        signal: ending.signal,
        onProgress: ({ done }) => (done > 2 * MiB ? ending.abort(new RangeError("ended")) : undefined),
      }),
    );
    expect(await first).to.be.instanceOf(RangeError);
    const [part = ""] = await readdir(out);
    expect(part).to.match(/^\.data 1\.bin\.[0-9a-f]{16}\.part$/u);
    const { size: had } = await stat(join(out, part));
    expect(had).to.be.within(MiB, size - 1);
    const got = await getFile(url, options);
    expect(got).to.include({ sha256, resumedFrom: had });
    expect(await readdir(out)).to.deep.equal(["data 1.bin"]);
  });

  it("throws away what does not have the announced hash", async () => {
    const part = join(out, `.data 1.bin.${sha256.slice(0, 16)}.part`);
    await writeFile(part, "not the beginning of this file");
    expect(await rejection(getFile(url, options))).to.be.instanceOf(HashMismatchError);
    expect(await readdir(out)).to.deep.equal([]);
    expect(await getFile(url, options)).to.include({ sha256 });
  });

  it("publishes a part that was whole already", async () => {
    const part = join(out, `.data 1.bin.${sha256.slice(0, 16)}.part`);
    await writeFile(part, await readFile(join(dir, "data 1.bin")));
    expect(await getFile(url, options)).to.include({ sha256, resumedFrom: size });
  });

  it("replaces no file, and takes the name that was asked for", async () => {
    await writeFile(join(out, "data 1.bin"), "mine");
    expect(await rejection(getFile(url, options))).to.be.instanceOf(FileExistsError);
    expect(await readFile(join(out, "data 1.bin"), "utf8")).to.equal("mine");
    const path = join(out, "another");
    expect(await getFile(url, { ...options, out: path })).to.include({ path, sha256 });
  });

  it("says what the server says of a file that is not there", async () => {
    const failure = await rejection(getFile(new URL("/f/missing", site.url), options));
    expect(failure).to.be.instanceOf(RefusedError);
    expect(failure).to.have.property("status", 404);
    expect(await readdir(out)).to.deep.equal([]);
  });

  it("says what the disk says, and lets what came stay", async () => {
    const there = await rejection(getFile(url, { ...options, out: join(out, "missing", "copy") }));
    expect(there).to.have.property("code", "LOCAL_DISK");
    const odd = await rejection(getFile(new URL("/f/%E0%A4%A", site.url), options));
    expect(odd).to.be.instanceOf(RefusedError);
  });

  describe("from a server that is not ours", () => {
    let bare: ReturnType<typeof createServer>;
    let base: URL;
    let broken = 0;
    const body = Buffer.alloc(3 * MiB, "abc");
    const digest = createHash("sha256").update(body).digest("base64");

    beforeEach(async () => {
      broken = 0;
      bare = createServer((request, response) => {
        if (request.url?.startsWith("/plain") === true) return void response.end("no digest");
        const start = Number(/\d+/u.exec(request.headers.range ?? "0")?.[0]);
        const rest = body.subarray(start);
        const partial = request.method === "GET" && start > 0;
        response.writeHead(partial ? 206 : 200, {
          etag: '"1"',
          "repr-digest": `sha-256=:${request.url === "/lie" ? "A".repeat(43) : digest}${request.url === "/lie" ? "=" : ""}:`,
          "content-length": rest.length,
        });
        if (request.method === "HEAD") return void response.end();
        // Breaks off twice, somewhere in the middle.
        if (request.url === "/flaky" && (broken += 1) <= 2)
          return void response.write(rest.subarray(0, MiB), () => response.destroy());
        response.end(rest);
      });
      bare.listen(0, "127.0.0.1");
      await once(bare, "listening");
      base = new URL(`http://127.0.0.1:${String((bare.address() as AddressInfo).port)}/`);
      connection.close();
      connection = createConnection({ base });
      options = { ...options, connection };
    });
    afterEach(() => {
      bare.close();
      bare.closeAllConnections();
    });

    it("goes on by itself after a connection breaks off", async () => {
      const waits: string[] = [];
      const got = await getFile(new URL("/flaky", base), { ...options, onWait: ({ name }) => waits.push(name) });
      expect(got.size).to.equal(body.length);
      expect(waits).to.deep.equal(["UnreachableError", "UnreachableError"]);
      expect(Buffer.compare(await readFile(got.path), body)).to.equal(0);
    });

    it("refuses what nobody could verify", async () => {
      expect(await rejection(getFile(new URL("/plain", base), options))).to.be.instanceOf(NoDigestError);
      expect(await rejection(getFile(new URL("/lie", base), options))).to.be.instanceOf(HashMismatchError);
      expect(await readdir(out)).to.deep.equal([]);
    });

    it("lets no name lead out of the directory", async () => {
      const got = await getFile(new URL("/a/..%2F..%2Fescaped", base), options);
      expect(got.path).to.equal(join(out, ".._.._escaped"));
      expect(await readdir(dir)).to.have.members(["data 1.bin", "out"]);
      expect(await rejection(getFile(new URL("/a/", base), options))).to.be.instanceOf(FileExistsError);
    });
  });
});
