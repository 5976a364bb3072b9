import { expect } from "chai";

import { bytesOf, download, postChunk, serveStore, sha256, type TestServer } from "../../helpers/upload/server.ts";

describe("upload: Dropzone", () => {
  let server: TestServer;
  beforeEach(async () => {
    server = await serveStore();
  });
  afterEach(async () => {
    await server.close();
  });

  const bytes = bytesOf(2_500_000);
  const file = { name: "a file.bin", uuid: "0b7e-1", bytes, size: 1_000_000 };
  const send = (index: number, more: object = {}) => postChunk(server.url, { ...file, index, ...more });

  it("takes chunks in order and answers the last with the sha256 of the published file", async () => {
    expect((await send(0)).text).to.equal("Chunk upload successful");
    expect((await download(server.url, "a%20file.bin")).status).to.equal(404);
    expect((await send(1)).text).to.equal("Chunk upload successful");
    const last = await send(2);
    expect(last.status).to.equal(200);
    expect(last.text).to.equal(`Chunk upload successful\nsha256 ${sha256(bytes)}`);
    expect(last.headers.get("location")).to.equal("/f/a%20file.bin");
    expect((await download(server.url, "a%20file.bin")).bytes.equals(bytes)).to.be.true;
    expect(server.lines).to.include('info chunk 1 of 3 for "a file.bin" complete');
  });

  it("takes chunks in any order, repeated and in parallel", async () => {
    const answers = await Promise.all([2, 0, 2, 1, 1, 0].map((index) => send(index)));
    expect(answers.map(({ status }) => status)).to.deep.equal([200, 200, 200, 200, 200, 200]);
    expect((await download(server.url, "a%20file.bin")).bytes.equals(bytes)).to.be.true;
    expect(server.store.usage().files).to.equal(1);
  });

  it("answers a last chunk that is sent again as before, also after the end and after a restart", async () => {
    for (const index of [0, 1, 2]) await send(index);
    expect((await send(2)).text).to.contain(sha256(bytes));
    server = await server.restart();
    expect((await send(2)).text).to.contain(sha256(bytes));
    expect((await send(0)).status).to.equal(200);
  });

  it("goes on after a restart in the middle", async () => {
    await send(0);
    await send(2);
    server = await server.restart();
    expect((await send(1)).text).to.contain(sha256(bytes));
  });

  it("refuses other bytes for a chunk that is here", async () => {
    await send(0);
    const other = await send(0, { body: bytesOf(1_000_000, 99) });
    expect(other.status).to.equal(409);
    await send(1);
    expect((await send(2)).text).to.contain(sha256(bytes));
  });

  it("answers a file that exists as the tutorial does", async () => {
    for (const index of [0, 1, 2]) await send(index);
    const again = await send(0, { uuid: "another" });
    expect([again.status, again.text]).to.deep.equal([400, "File already exists"]);
  });

  it("answers a chunk of the wrong length as the tutorial does, and goes on after it", async () => {
    const short = await send(0, { body: bytes.subarray(0, 999_999) });
    expect([short.status, short.text]).to.deep.equal([500, "Size mismatch"]);
    const long = await send(2, { body: bytes.subarray(2_000_000 - 1) });
    expect([long.status, long.text]).to.deep.equal([500, "Size mismatch"]);
    for (const index of [0, 1]) await send(index);
    expect((await send(2)).text).to.contain(sha256(bytes));
  });

  it("keeps two users with one file name apart: the first to finish has the name", async () => {
    const theirs = bytesOf(2_500_000, 7);
    const other = { uuid: "0b7e-2", bytes: theirs };
    for (const index of [0, 1]) await Promise.all([send(index), send(index, other)]);
    expect((await send(2)).text).to.contain(sha256(bytes));
    const late = await send(2, other);
    expect([late.status, late.text]).to.deep.equal([400, "File already exists"]);
    expect((await download(server.url, "a%20file.bin")).bytes.equals(bytes)).to.be.true;
    // Nothing is lost: once the name is free, the last chunk again publishes it.
    server.store.files.move({ dir: "", name: "a file.bin" }, { dir: "", name: "first" });
    expect((await send(2, other)).text).to.contain(sha256(theirs));
  });

  it("takes a small file without chunks, and an empty one", async () => {
    for (const content of [bytesOf(1000), Buffer.alloc(0)]) {
      const form = new FormData();
      const name = `${String(content.length)}.bin`;
      form.set("file", new Blob([content]), name);
      const response = await fetch(`${server.url}/upload`, { method: "POST", body: form });
      expect(await response.text()).to.contain(sha256(content));
      expect((await download(server.url, name)).bytes.equals(content)).to.be.true;
    }
  });

  it("keeps names of any script, and takes none that are paths", async () => {
    const small = { bytes: bytesOf(10), size: 10, index: 0 };
    expect((await send(0, { ...small, name: "日本 ñ.txt", uuid: "jp" })).status).to.equal(200);
    expect((await download(server.url, encodeURIComponent("日本 ñ.txt"))).status).to.equal(200);
    for (const [index, name] of ["../x", "/etc/x", "a\\b", "..", "a\u0000b", "a\u202Eb"].entries())
      expect((await send(0, { ...small, name, uuid: `bad-${String(index)}` })).status, name).to.equal(400);
    for (const uuid of ["/abs/dir", "../x", "a/b", ""])
      expect((await send(0, { ...small, name: "ok", uuid })).status, uuid).to.equal(400);
  });

  it("refuses to mix two files under one dzuuid, and a directory that is gone", async () => {
    await send(0);
    expect((await send(1, { name: "other" })).status).to.equal(400);
    expect((await send(1, { total: 3_000_000 })).status).to.equal(400);
    expect((await send(0, { uuid: "d", fields: { dir: "nowhere" } })).status).to.equal(404);
    server.store.files.makeDirectory("here");
    expect((await send(0, { uuid: "d", fields: { dir: "here" } })).status).to.equal(200);
    server.store.files.removeDirectory("here");
    await send(1, { uuid: "d", fields: { dir: "here" } });
    const last = await send(2, { uuid: "d", fields: { dir: "here" } });
    expect([last.status, last.text]).to.deep.equal([404, 'There is no directory "here"']);
    server.store.files.makeDirectory("here");
    expect((await send(2, { uuid: "d", fields: { dir: "here" } })).text).to.contain(sha256(bytes));
  });

  it("takes a file again that was removed or renamed since, under the same dzuuid", async () => {
    for (const index of [0, 1, 2]) await send(index);
    server.store.files.move({ dir: "", name: "a file.bin" }, { dir: "", name: "renamed" });
    for (const index of [0, 1]) expect((await send(index)).text).to.equal("Chunk upload successful");
    expect((await send(2)).text).to.contain(sha256(bytes));
    for (const name of ["renamed", "a file.bin"]) await server.store.files.remove({ dir: "", name });
    for (const index of [0, 1]) await send(index);
    expect((await send(2)).headers.get("location")).to.equal("/f/a%20file.bin");
  });

  it("holds a file of unknown size to the limits while it comes", async () => {
    const limited = await serveStore({ maxSize: 2_000_000, quota: 6_000_000 });
    const post = async (length: number) => {
      const boundary = "x";
      const head = `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="${String(length)}"\r\n\r\n`;
      const body = Buffer.concat([Buffer.from(head), bytesOf(length, length), Buffer.from(`\r\n--${boundary}--\r\n`)]);
      const response = await fetch(`${limited.url}/upload`, {
        method: "POST",
        body: new Blob([body]).stream(),
        duplex: "half",
        headers: { "content-type": `multipart/form-data; boundary=${boundary}` },
      });
      return response.status;
    };
    try {
      expect(await post(2_000_001)).to.equal(413);
      for (const length of [2_000_000, 1_999_999, 1_999_998]) expect(await post(length)).to.equal(200);
      expect(await post(1_999_997)).to.equal(507);
      expect(limited.store.usage().uploads.active).to.equal(0);
    } finally {
      await limited.close();
    }
  });
});
