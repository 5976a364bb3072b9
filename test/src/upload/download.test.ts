import { rm } from "node:fs/promises";
import { join } from "node:path";

import { expect } from "chai";

import { attachment } from "../../../src/upload/download.ts";
import { bytesOf, serveStore, sha256, type TestServer } from "../../helpers/upload/server.ts";

describe("upload: download and text drop", () => {
  let server: TestServer;
  const text = bytesOf(5000).toString("hex");
  const hash = sha256(Buffer.from(text));
  before(async () => {
    server = await serveStore();
    await drop({ text, name: "<img src=x onerror=alert(1)>.svg", dir: "d" });
  });
  after(async () => {
    await server.close();
  });
  const drop = async (form: Record<string, string>) => {
    const response = await fetch(`${server.url}/drop`, { method: "POST", body: new URLSearchParams(form) });
    return {
      status: response.status,
      answer: (await response.json()) as { url: string; sha256: string; size: number; name: string },
    };
  };
  const url = () => `${server.url}/f/d/${encodeURIComponent("<img src=x onerror=alert(1)>.svg")}`;
  const get = async (headers: Record<string, string> = {}, method = "GET") => {
    const response = await fetch(url(), { method, headers });
    return { status: response.status, headers: response.headers, text: await response.text() };
  };

  it("answers a drop with url, sha256 and size; the same text twice is one file", async () => {
    const first = await drop({ text: "hello" });
    const again = await drop({ text: "hello" });
    expect([first.status, again.status]).to.deep.equal([201, 200]);
    expect(again.answer).to.deep.equal(first.answer);
    expect(first.answer).to.include({ sha256: sha256(Buffer.from("hello")), size: 5 });
    expect(await (await fetch(new URL(first.answer.url, server.url))).text()).to.equal("hello");
    expect((await drop({ text: "other", name: first.answer.name })).status).to.equal(409);
    expect((await drop({ name: "x" })).status).to.equal(400);
    expect((await fetch(`${server.url}/drop`, { method: "POST", body: "{}" })).status).to.equal(400);
  });

  it("never lets a browser run what it serves", async () => {
    const { headers } = await get();
    expect(Object.fromEntries(headers)).to.include({
      "content-type": "application/octet-stream",
      "content-security-policy": "default-src 'none'; sandbox",
      "x-content-type-options": "nosniff",
      "cross-origin-resource-policy": "same-origin",
      etag: `"${hash}"`,
      "repr-digest": `sha-256=:${Buffer.from(hash, "hex").toString("base64")}:`,
    });
    expect(headers.get("content-disposition")).to.match(
      /^attachment; filename="_img src_x onerror_alert\(1\)_\.svg"; filename\*=UTF-8''%3Cimg/u,
    );
    expect(attachment('a"\r\nb.txt')).to.equal("attachment; filename=\"a___b.txt\"; filename*=UTF-8''a%22%0D%0Ab.txt");
  });

  const ranges: [string, number, string | null, number, number][] = [
    ["bytes=0-9", 206, "bytes 0-9/10000", 0, 10],
    ["bytes=9990-", 206, "bytes 9990-9999/10000", 9990, 10_000],
    ["bytes=-20000", 206, "bytes 0-9999/10000", 0, 10_000],
    ["Bytes=-10", 206, "bytes 9990-9999/10000", 9990, 10_000],
    ["bytes=9999-20000", 206, "bytes 9999-9999/10000", 9999, 10_000],
    ["bytes=0-1,3-4", 200, null, 0, 10_000],
    ["bytes=5-4", 200, null, 0, 10_000],
    ["lines=0-1", 200, null, 0, 10_000],
    ["bytes=10000-", 416, "bytes */10000", 0, 0],
    ["bytes=-0", 416, "bytes */10000", 0, 0],
  ];
  for (const [range, status, contentRange, start, end] of ranges)
    it(`answers Range: ${range} with ${String(status)}`, async () => {
      const answer = await get({ range });
      expect([answer.status, answer.headers.get("content-range"), answer.text]).to.deep.equal([
        status,
        contentRange,
        text.slice(start, end),
      ]);
    });

  it("keeps to conditions", async () => {
    const etag = `"${hash}"`;
    expect((await get({ "if-none-match": etag })).status).to.equal(304);
    expect((await get({ "if-match": '"other"' })).status).to.equal(412);
    expect((await get({ range: "bytes=0-1", "if-range": etag })).status).to.equal(206);
    expect((await get({ range: "bytes=0-1", "if-range": '"other"' })).status).to.equal(200);
    const head = await get({}, "HEAD");
    expect([head.status, head.headers.get("content-length"), head.text]).to.deep.equal([200, "10000", ""]);
    expect((await get({ range: "bytes=0-1" }, "HEAD")).status).to.equal(200);
    expect((await get({ "if-none-match": etag }, "HEAD")).status).to.equal(304);
  });

  it("says that a content is lost, with an answer", async () => {
    const { answer } = await drop({ text: "to be lost", name: "lost" });
    await rm(join(server.dir, "blobs", answer.sha256.slice(0, 2), answer.sha256));
    const response = await fetch(new URL(answer.url, server.url));
    expect([response.status, response.headers.get("content-disposition")]).to.deep.equal([500, null]);
    expect(server.lines.at(-1)).to.contain("error request refused with 500: ENOENT");
  });

  it("finds nothing outside the catalogue", async () => {
    for (const path of [
      "../catalog.db",
      "%2e%2e/catalog.db",
      "..%2fcatalog.db",
      "d%2f..%2fx",
      "%00",
      "%",
      "d",
      "",
      "d/",
    ]) {
      const response = await fetch(`${server.url}/f/${path}`);
      expect(response.status, path).to.equal(404);
    }
  });

  it("is healthy and counts", async () => {
    expect(await (await fetch(`${server.url}/healthz`)).json()).to.deep.equal({ ok: true });
    const metrics = await (await fetch(`${server.url}/metrics`)).text();
    expect(metrics)
      .to.match(/^upload_files \d+$/mu)
      .and.to.match(/^upload_requests_total\{protocol="drop",status="201"\} \d+$/mu);
  });
});
