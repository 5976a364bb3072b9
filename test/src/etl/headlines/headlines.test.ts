import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

import { expect } from "chai";

import { createContext } from "../../../../src/etl/context.ts";
import { ThrottledError, TransportError } from "../../../../src/etl/fault.ts";
import type { HandlerContext } from "../../../../src/etl/handler.ts";
import {
  handler as extract,
  MissingSourceError,
  MissingVariableError,
  NewsApiError,
} from "../../../../src/etl/headlines/extract.ts";
import { handler as load } from "../../../../src/etl/headlines/load.ts";
import { handler as transform } from "../../../../src/etl/headlines/transform.ts";
import { newsKey, serveNews, serveStub, type Stub } from "../../../helpers/etl/news.ts";
import { rejection } from "../../../helpers/rejection.ts";

describe("the handlers of headlines", () => {
  let folder: string;
  let stub: Stub;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "headlines-"));
  });
  afterEach(async () => {
    await stub?.close();
    await rm(folder, { recursive: true, force: true });
  });

  const contextOf = (env: Record<string, string>): HandlerContext =>
    createContext({ DATA_URL: pathToFileURL(`${folder}/`).href, ...env }, () => undefined);

  it("Extract needs a key and a source, in these words", async () => {
    stub = await serveNews();
    const noKey = await rejection(extract({ source: "cnn" }, contextOf({})));
    expect(noKey).to.be.instanceOf(MissingVariableError);
    expect(noKey.message).to.equal("Not all environment variables set");
    const noSource = await rejection(extract({}, contextOf({ NEWSAPI_KEY: newsKey, NEWSAPI_URL: stub.url })));
    expect(noSource).to.be.instanceOf(MissingSourceError);
    expect(noSource.message).to.equal("Source not set");
  });

  it("Extract tells status and message of any other answer, and names what another try may mend", async () => {
    let status = 400;
    stub = await serveStub((_, response) => response.writeHead(status).end('{"message":"no such source"}'));
    const env = { NEWSAPI_KEY: newsKey, NEWSAPI_URL: stub.url };
    const bad = await rejection(extract({ source: "x" }, contextOf(env)));
    expect(bad).to.be.instanceOf(NewsApiError);
    expect(bad.message).to.equal("The News API answered 400 Bad Request: no such source");
    status = 429;
    expect(await rejection(extract({ source: "x" }, contextOf(env)))).to.be.instanceOf(ThrottledError);
    status = 502;
    expect(await rejection(extract({ source: "x" }, contextOf(env)))).to.be.instanceOf(TransportError);
    const nobody = { NEWSAPI_KEY: newsKey, NEWSAPI_URL: "http://127.0.0.1:1/" };
    const gone = await rejection(extract({ source: "x" }, contextOf(nobody)));
    expect(gone).to.be.instanceOf(TransportError);
    expect(gone.message).not.to.contain(newsKey);
  });

  it("Transform passes a large CSV by reference, and Load posts it whole", async () => {
    const article = { source: { name: "S" }, title: "t".repeat(1000), author: null, url: "https://example.org/" };
    const articles = Array.from({ length: 400 }, () => article);
    const passed = await transform({ articles }, contextOf({}));
    expect(passed).to.have.property("file");
    let body = "";
    stub = await serveStub((request, response) => {
      request.setEncoding("utf8").on("data", (chunk: string) => (body = `${body}${chunk}`));
      request.on("end", () => response.end('{"url":"/f/x"}'));
    });
    expect(await load(passed, contextOf({ LOAD_URL: `${stub.url}/drop` }))).to.deep.equal({ url: "/f/x" });
    const form = new URLSearchParams(body);
    expect(form.get("text")?.split("\r\n")).to.have.length(402);
    expect(form.get("name")).to.match(/^headlines-[0-9a-f]{12}\.csv$/u);
  });

  it("Load takes an address with a password, which no error repeats", async () => {
    let authorization: string | undefined;
    stub = await serveStub((request, response) => {
      ({ authorization } = request.headers);
      response.end("<html>");
    });
    const url = (base: string) => base.replace("//", "//me:do-not-tell@");
    const answered = await rejection(load({ text: "x" }, contextOf({ LOAD_URL: url(`${stub.url}/drop`) })));
    expect(authorization).to.equal(`Basic ${Buffer.from("me:do-not-tell").toString("base64")}`);
    expect(answered.message).to.equal("The drop service answered 200, but no JSON: is this its address?");
    const gone = await rejection(load({ text: "x" }, contextOf({ LOAD_URL: url("http://127.0.0.1:1/drop") })));
    const wrong = await rejection(load({ text: "x" }, contextOf({ LOAD_URL: url("http//127.0.0.1") })));
    for (const { message } of [answered, gone, wrong]) expect(message).not.to.contain("do-not-tell");
  });

  it("Transform takes the sample of an answer as it is", async () => {
    const sample = await readFile(new URL("../../../../src/etl/headlines/sample.json", import.meta.url), "utf8");
    const inline = await transform({ text: sample }, contextOf({}));
    expect(await transform(JSON.parse(sample), contextOf({}))).to.deep.equal(inline);
    expect(inline.rows).to.equal(5);
  });
});
