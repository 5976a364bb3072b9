import { createHash } from "node:crypto";

import { expect } from "chai";

import type { UploadAnswer } from "../../../src/upload/protocol.ts";
import { bytesOf, download, serveStore, sha256, type TestServer } from "../../helpers/upload/server.ts";

type Answer = UploadAnswer & { readonly error: { readonly code: string } };

describe("upload: raw ranges", () => {
  let server: TestServer;
  beforeEach(async () => {
    server = await serveStore();
  });
  afterEach(async () => {
    await server.close();
  });

  const bytes = bytesOf(3_000_000);
  const file = { name: "raw.bin", dir: "a/b", size: bytes.length, sha256: sha256(bytes) };
  const begin = async (facts: object = file) => {
    const response = await fetch(`${server.url}/u`, { method: "POST", body: JSON.stringify(facts) });
    return { status: response.status, answer: (await response.json()) as Answer };
  };
  const put = async (
    id: string,
    start: number,
    end: number,
    more: { body?: Buffer<ArrayBuffer>; headers?: Record<string, string> } = {},
  ) => {
    const body = more.body ?? bytes.subarray(start, end);
    const response = await fetch(`${server.url}/u/${id}?offset=${String(start)}`, {
      method: "PUT",
      body,
      headers: more.headers ?? {},
    });
    return { status: response.status, answer: (await response.json()) as Answer };
  };

  it("takes ranges in any order and in parallel, tells what is missing, and publishes", async () => {
    const { status, answer } = await begin();
    expect(status).to.equal(201);
    expect(answer).to.include({
      state: "active",
      dir: "a/b",
      name: "raw.bin",
      size: bytes.length,
      chunk: 8_388_608,
      parallel: 4,
    });
    await put(answer.id, 1_000_000, 1_500_000);
    const ranges = (await (await fetch(`${server.url}/u/${answer.id}/ranges`)).json()) as Answer;
    expect(ranges.have).to.deep.equal([[1_000_000, 1_500_000]]);
    expect(ranges.missing).to.deep.equal([
      [0, 1_000_000],
      [1_500_000, 3_000_000],
    ]);
    // Overlaps with what is here, and with each other.
    const answers = await Promise.all([
      put(answer.id, 0, 1_200_000),
      put(answer.id, 1_100_000, 2_000_000),
      put(answer.id, 1_900_000, 3_000_000),
    ]);
    expect(answers.map(({ status }) => status)).to.deep.equal([200, 200, 200]);
    const done = answers.map(({ answer }) => answer).filter(({ state }) => state === "done");
    expect(done.length).to.be.greaterThan(0);
    expect(done[0]).to.include({ sha256: file.sha256, url: "/f/a/b/raw.bin" });
    expect((await download(server.url, "a/b/raw.bin")).bytes.equals(bytes)).to.be.true;
  });

  it("finds the unfinished upload of the same file again, and the finished one", async () => {
    const { answer } = await begin();
    await put(answer.id, 0, 700_000);
    server = await server.restart();
    const again = await begin();
    expect([again.status, again.answer.id]).to.deep.equal([200, answer.id]);
    expect(again.answer.missing).to.deep.equal([[700_000, 3_000_000]]);
    const other = await begin({ ...file, sha256: sha256(Buffer.from("other")) });
    expect(other.answer.id).to.not.equal(answer.id);
    await put(answer.id, 700_000, 3_000_000);
    const finished = await begin();
    expect([finished.status, finished.answer.state, finished.answer.url]).to.deep.equal([
      200,
      "done",
      "/f/a/b/raw.bin",
    ]);
    expect((await begin({ ...file, sha256: sha256(Buffer.from("third")) })).status).to.equal(409);
  });

  it("counts bytes with a digest only where they have it", async () => {
    const { answer } = await begin();
    const digest = `sha-256=:${createHash("sha256").update(bytes.subarray(0, 1_500_000)).digest("base64")}:`;
    const wrong = await put(answer.id, 0, 1_500_000, {
      body: bytesOf(1_500_000, 9),
      headers: { "content-digest": digest },
    });
    expect([wrong.status, wrong.answer.error.code]).to.deep.equal([460, "DIGEST_MISMATCH"]);
    expect(server.store.uploads.ranges(answer.id)).to.deep.equal([]);
    expect((await put(answer.id, 0, 1_500_000, { headers: { "content-digest": digest } })).status).to.equal(200);
    expect((await put(answer.id, 1_500_000, 3_000_000)).answer.state).to.equal("done");
    const unknown = await put(answer.id, 0, 10, { headers: { "content-digest": "md5=:AAAA:" } });
    expect(unknown.status).to.equal(400);
  });

  it("fails a file that does not have the sha256 it declared, and shows nothing of it", async () => {
    const { answer } = await begin({ ...file, dir: "", sha256: "0".repeat(64) });
    const { status } = await put(answer.id, 0, 3_000_000);
    expect(status).to.equal(422);
    expect((await download(server.url, "raw.bin")).status).to.equal(404);
    expect(server.store.uploads.get(answer.id).state).to.equal("failed");
    expect((await put(answer.id, 0, 10)).status).to.equal(410);
    expect((await begin({ ...file, dir: "" })).status).to.equal(201);
  });

  it("refuses other bytes for a range that is here, and bytes beyond the end", async () => {
    const { answer } = await begin();
    await put(answer.id, 0, 1000);
    expect((await put(answer.id, 0, 1000, { body: bytesOf(1000, 5) })).status).to.equal(409);
    expect((await put(answer.id, 2_999_999, 3_000_000, { body: bytesOf(2) })).status).to.equal(413);
    expect((await put(answer.id, 4_000_000, 4_000_001, { body: bytesOf(1) })).status).to.equal(413);
    expect(server.store.uploads.ranges(answer.id)).to.deep.equal([[0, 1000]]);
  });

  it("ends an upload", async () => {
    const { answer } = await begin();
    await put(answer.id, 0, 1000);
    expect((await fetch(`${server.url}/u/${answer.id}`, { method: "DELETE" })).status).to.equal(204);
    expect((await put(answer.id, 0, 1000)).status).to.equal(410);
    expect((await put("0".repeat(32), 0, 1000)).status).to.equal(404);
  });

  it("refuses what cannot be meant", async () => {
    for (const facts of [
      {},
      { name: "a" },
      { name: "a", size: -1 },
      { name: "a", size: 1.5 },
      { ...file, sha256: "x" },
      { ...file, more: 1 },
      { ...file, name: "../x" },
      { ...file, dir: "../x" },
    ])
      expect((await begin(facts)).status, JSON.stringify(facts)).to.equal(400);
    const { answer } = await begin();
    for (const offset of ["", "-1", "x", "1e3"])
      expect(
        (await fetch(`${server.url}/u/${answer.id}?offset=${offset}`, { method: "PUT", body: "x" })).status,
      ).to.equal(400);
  });
});
