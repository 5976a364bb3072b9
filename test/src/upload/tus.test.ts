import { createHash } from "node:crypto";
import { once } from "node:events";
import { request as openRequest } from "node:http";
import { crc32 } from "node:zlib";

import { expect } from "chai";

import { bytesOf, download, serveStore, sha256, type TestServer } from "../../helpers/upload/server.ts";

type Answer = { status: number; headers: Headers; text: string };
type Asked = Readonly<Record<string, string>>;
type Body = string | Buffer<ArrayBuffer>;

describe("upload: tus 1.0", () => {
  let server: TestServer;
  before(async () => {
    server = await serveStore({ maxSize: 1_000_000 });
  });
  after(async () => {
    await server.close();
  });

  const ask = async (method: string, path: string, headers: Asked = {}, body?: Body): Promise<Answer> => {
    const response = await fetch(new URL(path, server.url), {
      method,
      headers: { "tus-resumable": "1.0.0", ...headers },
      ...(body === undefined ? {} : { body }),
    });
    return { status: response.status, headers: response.headers, text: await response.text() };
  };
  const octets = "application/offset+octet-stream";
  const create = async (headers: Asked, body?: Body) => {
    const answer = await ask("POST", "/files", headers, body);
    expect(answer.status, answer.text).to.equal(201);
    return answer.headers.get("location") ?? "";
  };
  const patch = (url: string, offset: number | string, body: Body, headers: Asked = {}) =>
    ask("PATCH", url, { "upload-offset": String(offset), "content-type": octets, ...headers }, body);
  const named = (name: string) => ({ "upload-metadata": `filename ${Buffer.from(name).toString("base64")}` });

  it("tells what it can", async () => {
    const { status, headers } = await ask("OPTIONS", "/files");
    expect(status).to.equal(200);
    expect(Object.fromEntries(headers)).to.include({
      "tus-version": "1.0.0",
      "tus-resumable": "1.0.0",
      "tus-max-size": "1000000",
      "tus-checksum-algorithm": "sha1,sha256,md5,crc32",
      "tus-extension":
        "creation,creation-with-upload,creation-defer-length,termination,checksum,checksum-trailer,concatenation,concatenation-unfinished,expiration",
    });
    expect(headers.get("access-control-allow-origin")).to.be.null;
  });

  it("gives an absolute URL, and behind a proxy its path", async () => {
    const path = /^\/files\/[0-9a-f]{32}$/u;
    const { origin, pathname } = new URL(await create({ "upload-length": "1" }));
    expect(origin).to.equal(new URL(server.url).origin);
    expect(pathname).to.match(path);
    const proxies = [{ "x-forwarded-proto": "https" }, { via: "1.1 proxy" }, { forwarded: "host=files.example" }];
    for (const headers of proxies) expect(await create({ "upload-length": "1", ...headers })).to.match(path);
  });

  it("uploads in pieces, is asked where it is, and publishes", async () => {
    const url = await create({ "upload-length": "11", ...named("a.txt") });
    const first = await patch(url, 0, "hello");
    expect([first.status, first.headers.get("upload-offset")]).to.deep.equal([204, "5"]);
    expect(first.headers.get("upload-expires")).to.match(/^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$/u);
    const head = await ask("HEAD", url);
    expect(Object.fromEntries(head.headers)).to.include({
      "upload-offset": "5",
      "upload-length": "11",
      "cache-control": "no-store",
      "upload-metadata": "filename YS50eHQ=",
    });
    const last = await patch(url, 5, " world");
    expect(last.headers.get("content-location")).to.equal("/f/a.txt");
    expect((await download(server.url, "a.txt")).bytes.toString()).to.equal("hello world");
    expect((await ask("GET", url)).text).to.equal("hello world");
    expect((await patch(url, 11, "")).status).to.equal(204);
  });

  const refusedCreations: [string, Asked, number][] = [
    ["no version", { "tus-resumable": "0.2.2", "upload-length": "1" }, 412],
    ["no length", {}, 400],
    ["a negative length", { "upload-length": "-1" }, 400],
    ["a length that is no number", { "upload-length": "1e3" }, 400],
    ["a length beyond all numbers", { "upload-length": "99999999999999999999" }, 400],
    ["a length above the limit", { "upload-length": "1000001" }, 413],
    ["length and deferred length", { "upload-length": "1", "upload-defer-length": "1" }, 400],
    ["a deferred length other than 1", { "upload-defer-length": "2" }, 400],
    ["metadata that are no base64", { "upload-length": "1", "upload-metadata": "a b*" }, 400],
    ["metadata with a key twice", { "upload-length": "1", "upload-metadata": "a YQ==,a YQ==" }, 400],
    ["a name that is a path", { "upload-length": "1", "upload-metadata": "filename Li4veA==" }, 400],
    ["an unknown concatenation", { "upload-length": "1", "upload-concat": "all" }, 400],
    ["a final of nothing", { "upload-concat": "final;" }, 400],
    ["a final of what is not here", { "upload-concat": `final;/files/${"0".repeat(32)}` }, 400],
    ["a final of what is elsewhere", { "upload-concat": "final;/etc/passwd" }, 400],
  ];
  for (const [what, headers, status] of refusedCreations)
    it(`refuses to create with ${what}: ${String(status)}`, async () => {
      const before = server.store.usage().uploads.active;
      const answer = await ask("POST", "/files", headers);
      expect(answer.status).to.equal(status);
      expect(answer.headers.get("tus-resumable")).to.equal("1.0.0");
      if (status === 412) expect(answer.headers.get("tus-version")).to.equal("1.0.0");
      expect(server.store.usage().uploads.active).to.equal(before);
    });

  const refusedPatches: [string, Asked, string, number][] = [
    ["another content type", { "content-type": "text/plain" }, "ab", 415],
    ["an offset that is not the upload's", { "upload-offset": "3" }, "ab", 409],
    ["a negative offset", { "upload-offset": "-1" }, "ab", 400],
    ["too many bytes", {}, "abcdefghijk", 413],
    ["an unknown checksum", { "upload-checksum": "crc64 YQ==" }, "ab", 400],
    ["a checksum that is no base64", { "upload-checksum": "sha1 ***" }, "ab", 400],
    ["a wrong checksum", { "upload-checksum": "sha1 Kq5sNclPz7QV2+lfQIuc6R7oRu0=" }, "ab", 460],
    ["another length", { "upload-length": "9" }, "ab", 400],
    ["no version", { "tus-resumable": "" }, "ab", 412],
  ];
  for (const [what, headers, body, status] of refusedPatches)
    it(`refuses a PATCH with ${what}: ${String(status)}`, async () => {
      const url = await create({ "upload-length": "10" });
      expect((await patch(url, 0, body, headers)).status).to.equal(status);
      expect((await ask("HEAD", url)).headers.get("upload-offset")).to.equal("0");
      expect((await patch(url, 0, "0123456789")).status).to.equal(204);
    });

  it("tells the offset with 409", async () => {
    const url = await create({ "upload-length": "10" });
    await patch(url, 0, "abc");
    const { status, headers } = await patch(url, 0, "abc");
    expect([status, headers.get("upload-offset")]).to.deep.equal([409, "3"]);
  });

  it("refuses what has no offset, what is not here, and methods it does not know", async () => {
    const url = await create({ "upload-length": "10" });
    expect((await ask("PATCH", url, { "content-type": octets }, "ab")).status).to.equal(400);
    const unknown = `/files/${"f".repeat(32)}`;
    expect((await patch(unknown, 0, "a")).status).to.equal(404);
    const head = await ask("HEAD", unknown);
    expect([head.status, head.headers.has("upload-offset")]).to.deep.equal([404, false]);
    expect((await ask("PUT", url)).status).to.equal(405);
    expect((await ask("PATCH", "/files")).status).to.equal(405);
  });

  it("obeys X-HTTP-Method-Override", async () => {
    const url = await create({ "upload-length": "2" });
    const headers = { "x-http-method-override": "PATCH", "upload-offset": "0", "content-type": octets };
    expect((await ask("POST", url, headers, "ab")).status).to.equal(204);
    expect((await ask("POST", url, { "x-http-method-override": "DELETE" })).status).to.equal(204);
  });

  it("takes bytes with the creation", async () => {
    const answer = await ask("POST", "/files", { "upload-length": "5", "content-type": octets }, "hel");
    expect([answer.status, answer.headers.get("upload-offset")]).to.deep.equal([201, "3"]);
    expect((await patch(answer.headers.get("location") ?? "", 3, "lo")).status).to.equal(204);
    const many = await ask("POST", "/files", { "upload-length": "2", "content-type": octets }, "hel");
    expect([many.status, many.headers.has("location")]).to.deep.equal([413, false]);
    const checksum = { "upload-checksum": "md5 AAAA", "upload-length": "3", "content-type": octets };
    expect((await ask("POST", "/files", checksum, "hel")).status).to.equal(460);
    expect((await create({ "upload-length": "0" })).length).to.be.greaterThan(0);
  });

  it("takes a length later, once", async () => {
    const url = await create({ "upload-defer-length": "1" });
    expect((await ask("HEAD", url)).headers.get("upload-defer-length")).to.equal("1");
    expect((await patch(url, 0, "hello")).status).to.equal(204);
    expect((await patch(url, 5, "", { "upload-length": "4" })).status).to.equal(400);
    expect((await patch(url, 5, " wo", { "upload-length": "11" })).status).to.equal(204);
    expect((await patch(url, 8, "rld", { "upload-length": "12" })).status).to.equal(400);
    expect(Object.fromEntries((await ask("HEAD", url)).headers)).to.include({
      "upload-length": "11",
      "upload-offset": "8",
    });
    expect((await patch(url, 8, "rld")).status).to.equal(204);
  });

  it("ends an upload for good", async () => {
    const url = await create({ "upload-length": "5" });
    expect((await ask("DELETE", url)).status).to.equal(204);
    for (const method of ["HEAD", "DELETE"]) expect((await ask(method, url)).status).to.equal(410);
    expect((await patch(url, 0, "a")).status).to.equal(410);
  });

  it("verifies sha1, sha256, md5 and crc32", async () => {
    const crc = Buffer.alloc(4);
    crc.writeUInt32BE(crc32("ab"));
    const sums = ["sha1", "sha256", "md5"].map(
      (name) => [name, createHash(name).update("ab").digest("base64")] as const,
    );
    for (const [name, sum] of [...sums, ["crc32", crc.toString("base64")] as const]) {
      const url = await create({ "upload-length": "2" });
      expect((await patch(url, 0, "xy", { "upload-checksum": `${name} ${sum}` })).status, name).to.equal(460);
      expect((await patch(url, 0, "ab", { "upload-checksum": `${name} ${sum}` })).status, name).to.equal(204);
    }
  });

  it("verifies a checksum that comes as a trailer", async () => {
    const send = async (url: string, sum: string | undefined) => {
      const request = openRequest(new URL(url, server.url), {
        method: "PATCH",
        headers: { "tus-resumable": "1.0.0", "upload-offset": "0", "content-type": octets, trailer: "Upload-Checksum" },
      });
      request.write("ab");
      if (sum !== undefined) request.addTrailers({ "upload-checksum": sum });
      request.end();
      const [response] = await once(request, "response");
      response.resume();
      return response.statusCode;
    };
    const url = await create({ "upload-length": "2" });
    expect(await send(url, "sha1 AAAA")).to.equal(460);
    expect(await send(url, undefined)).to.equal(400);
    expect((await ask("HEAD", url)).headers.get("upload-offset")).to.equal("0");
    expect(await send(url, `sha1 ${createHash("sha1").update("ab").digest("base64")}`)).to.equal(204);
  });

  it("concatenates finished parts, and gives each name once", async () => {
    const bytes = [bytesOf(300_000, 1), bytesOf(1, 2), bytesOf(200_000, 3)];
    const parts: string[] = [];
    for (const part of bytes) {
      const url = await create({ "upload-length": String(part.length), "upload-concat": "partial" });
      expect((await patch(url, 0, part)).status).to.equal(204);
      parts.push(url);
    }
    for (const name of ["joined.bin", "joined.bin"]) {
      const url = await create({ "upload-concat": `final;${parts.join(" ")}`, ...named(name) });
      const head = await ask("HEAD", url);
      expect(Object.fromEntries(head.headers)).to.include({
        "upload-concat": `final;${parts.join(" ")}`,
        "upload-length": "500001",
        "upload-offset": "500001",
      });
      expect((await patch(url, 500_001, "x")).status).to.equal(403);
    }
    expect(sha256((await download(server.url, "joined.bin")).bytes)).to.equal(sha256(Buffer.concat(bytes)));
    expect((await download(server.url, "joined%20(2).bin")).status).to.equal(404);
    const [first = ""] = parts;
    const other = await create({ "upload-concat": `final;${new URL(first, server.url).href}`, ...named("joined.bin") });
    expect((await ask("HEAD", other)).headers.get("content-location")).to.equal("/f/joined%20(2).bin");
    const head = await ask("HEAD", first);
    expect(Object.fromEntries(head.headers)).to.include({ "upload-concat": "partial", "upload-offset": "300000" });
  });

  it("concatenates parts that are not finished yet", async () => {
    const [one, two] = [
      await create({ "upload-length": "5", "upload-concat": "partial" }),
      await create({ "upload-defer-length": "1", "upload-concat": "partial" }),
    ];
    const url = await create({ "upload-concat": `final;${one} ${two}`, ...named("late.txt") });
    const progress = async () => {
      const { headers } = await ask("HEAD", url);
      return [headers.get("upload-offset"), headers.has("upload-length")];
    };
    expect(await progress()).to.deep.equal(["0", false]);
    await patch(one, 0, "hello");
    expect(await progress()).to.deep.equal(["5", false]);
    await patch(two, 0, " you", { "upload-length": "4" });
    const done = await ask("HEAD", url);
    expect(Object.fromEntries(done.headers)).to.include({ "upload-offset": "9", "upload-length": "9" });
    expect((await download(server.url, "late.txt")).bytes.toString()).to.equal("hello you");
  });

  it("refuses a final with a length, with a body, or of whole uploads", async () => {
    const whole = await create({ "upload-length": "5" });
    const part = await create({ "upload-length": "5", "upload-concat": "partial" });
    expect((await ask("POST", "/files", { "upload-concat": `final;${whole}` })).status).to.equal(400);
    expect((await ask("POST", "/files", { "upload-concat": `final;${part}`, "upload-length": "5" })).status).to.equal(
      400,
    );
    const body = await ask("POST", "/files", { "upload-concat": `final;${part}`, "content-type": octets }, "x");
    expect(body.status).to.equal(403);
  });

  it("lets a newer request end the older one of a dead connection, and keeps its bytes", async () => {
    const url = await create({ "upload-length": "10" });
    const hanging = openRequest(new URL(url, server.url), {
      method: "PATCH",
      headers: { "tus-resumable": "1.0.0", "upload-offset": "0", "content-type": octets, "content-length": "10" },
    });
    const ended = once(hanging, "response");
    const before = await received(server);
    hanging.write("hello");
    while ((await received(server)) < before + 5);
    const head = await ask("HEAD", url);
    expect(head.headers.get("upload-offset")).to.equal("5");
    const [response] = await ended;
    expect(response.statusCode).to.equal(409);
    hanging.destroy();
    expect((await patch(url, 5, "world")).status).to.equal(204);
  });
});

/** The bytes of bodies that the server has read so far. */
async function received({ url }: TestServer): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  return Number(/upload_received_bytes_total (\d+)/u.exec(text)?.[1]);
}
