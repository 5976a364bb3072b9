import { readFile } from "node:fs/promises";
import { request as requestHttp, type IncomingMessage } from "node:http";
import { json, text } from "node:stream/consumers";
import { once } from "node:events";

import { expect } from "chai";

import { startSite, type Site } from "../../helpers/upload/site.ts";

type Headers = Readonly<Record<string, string>>;

describe("the API behind the page", () => {
  let site: Site;

  beforeEach(async () => (site = await startSite()));
  afterEach(() => site.close());

  /** Unlike fetch it sends any Host and Origin. */
  async function send(method: string, path: string, headers: Headers = {}, body = ""): Promise<IncomingMessage> {
    const length = { "content-length": String(Buffer.byteLength(body)) };
    const { hostname, port } = new URL(site.url);
    const request = requestHttp({ hostname, port, path, method, headers: { ...length, ...headers }, agent: false });
    request.end(body);
    const [response] = (await once(request, "response")) as [IncomingMessage];
    return response;
  }

  async function call(method: string, path: string, body?: unknown, headers: Headers = {}) {
    const type: Headers = body === undefined ? {} : { "content-type": "application/json" };
    const response = await send(method, path, { ...type, ...headers }, body === undefined ? "" : JSON.stringify(body));
    const status = response.statusCode ?? 0;
    const answer = (status === 204 ? {} : await json(response)) as Record<string, unknown>;
    return { status, answer, code: (answer["error"] as { code: string } | undefined)?.code, headers: response.headers };
  }

  async function drop(name: string, content = "text"): Promise<void> {
    const response = await send(
      "POST",
      "/drop",
      { "content-type": "application/x-www-form-urlencoded" },
      new URLSearchParams({ text: content, name }).toString(),
    );
    expect(response.statusCode, await text(response)).to.be.lessThan(300);
  }

  const unsafe = [
    ["POST", "/upload"],
    ["POST", "/files"],
    ["PATCH", "/files/x"],
    ["DELETE", "/files/x"],
    ["POST", "/u"],
    ["PUT", "/u/x?offset=0"],
    ["DELETE", "/u/x"],
    ["POST", "/drop"],
    ["POST", "/api/session"],
    ["DELETE", "/api/session"],
    ["POST", "/api/files/move"],
    ["DELETE", "/api/files?name=a"],
    ["POST", "/api/dirs"],
    ["DELETE", "/api/dirs?dir=a"],
    ["DELETE", "/api/uploads?id=x"],
  ] as const;

  describe("the guard", () => {
    it("refuses on every route what another site's page sends", async () => {
      const strangers: Headers[] = [
        { "sec-fetch-site": "cross-site", origin: "https://evil.example" },
        { "sec-fetch-site": "same-site" },
        { origin: "https://evil.example" },
        { origin: "null" },
        { origin: site.url.replace("127.0.0.1", "localhost").replace(/\/$/u, "") },
      ];
      for (const [method, path] of unsafe)
        for (const headers of strangers) {
          const { status, code } = await call(method, path, {}, headers);
          expect([status, code], `${method} ${path} ${JSON.stringify(headers)}`).to.deep.equal([403, "FORBIDDEN"]);
        }
    });

    it("refuses it under a harmless method too, and does not take a harmless word for a harmful one", async () => {
      const stranger = { "sec-fetch-site": "cross-site" };
      for (const [method, meant] of [
        ["GET", "DELETE"],
        ["GET", "patch"],
        ["POST", "GET"],
      ] as const)
        expect(
          (await call(method, "/files/x", undefined, { ...stranger, "x-http-method-override": meant })).status,
          `${method} that means ${meant}`,
        ).to.equal(403);
      expect((await call("GET", "/api/files", undefined, stranger)).status).to.equal(200);
    });

    it("lets the page itself and programs through", async () => {
      const own: Headers[] = [
        {},
        { "sec-fetch-site": "same-origin", origin: site.url.replace(/\/$/u, "") },
        { origin: site.url.replace(/\/$/u, "") },
        { "sec-fetch-site": "none" },
      ];
      for (const headers of own)
        expect((await call("POST", "/api/dirs", { dir: "a" }, headers)).status, JSON.stringify(headers)).to.equal(204);
    });

    it("answers to no foreign host name, so that none can be pointed at it", async () => {
      const { port } = new URL(site.url);
      for (const host of [`evil.example:${port}`, "evil.example", "localhost.evil.example", "127.0.0.1.evil.example"]) {
        for (const path of ["/", "/api/files", "/f/a", "/metrics"])
          expect((await call("GET", path, undefined, { host })).code, `${host} ${path}`).to.equal("FORBIDDEN");
      }
      for (const host of ["localhost", `localhost:${port}`, `127.0.0.1:${port}`, `[::1]:${port}`, "192.168.0.7:80"])
        expect((await call("GET", "/api/session", undefined, { host })).status, host).to.equal(200);
      for (const host of ["a b", "a/b", "user@localhost", "[::1"])
        expect((await call("GET", "/api/session", undefined, { host })).code, host).to.equal("BAD_REQUEST");
    });

    it("wants a log-in for everything but the log-in, where there is a password", async () => {
      await site.auth.setPassword("correct horse");
      const reads = [
        "/api/files",
        "/api/dirs",
        "/api/uploads",
        "/f/a",
        "/u/x/ranges",
        "/metrics",
        "/files/x",
        "/page",
        "//f/f/a",
        "/page.js/../f/a",
      ];
      const closed = [...unsafe.filter(([, path]) => path !== "/api/session"), ...reads.map((path) => ["GET", path])];
      for (const [method = "", path = ""] of [...closed, ["HEAD", "/f/a"]]) {
        const response = await send(method, path);
        expect(response.statusCode, `${method} ${path}`).to.equal(401);
        response.resume();
      }
      for (const path of ["/", "/page.css", "/page.js", "/api/session", "/healthz"]) {
        const response = await send("GET", path);
        expect(response.statusCode, path).to.equal(200);
        response.resume();
      }
    });
  });

  it("answers to the names of a certificate, also where they stand for many", async () => {
    const other = await startSite({ names: ["files.example.org", "*.files.example.org"] });
    const { hostname, port } = new URL(other.url);
    try {
      for (const [host, status] of [
        ["files.example.org", 200],
        ["FILES.example.org:8443", 200],
        ["a.files.example.org", 200],
        ["a.b.files.example.org", 403],
        ["example.org", 403],
        ["org", 403],
      ] as const) {
        const request = requestHttp({ hostname, port, path: "/healthz", headers: { host }, agent: false }).end();
        const [response] = (await once(request, "response")) as [IncomingMessage];
        response.resume();
        expect(response.statusCode, host).to.equal(status);
      }
    } finally {
      await other.close();
    }
  });

  it("ends a body that stalls, also of a visitor without a session, and says in the log who was refused", async () => {
    const lines: string[] = [];
    const other = await startSite({
      rate: { minBytes: 10, windowMs: 100 },
      log: (level, message) => void lines.push(`${level} ${message}`),
    });
    try {
      await other.auth.setPassword("correct horse");
      const headers = { "content-type": "application/json", "content-length": "100", expect: "100-continue" };
      const request = requestHttp(new URL("/api/session", other.url), { method: "POST", headers, agent: false });
      request.on("continue", () => request.write("{")).flushHeaders();
      const [response] = (await once(request, "response")) as [IncomingMessage];
      request.destroy();
      expect(response.statusCode).to.equal(408);
      await fetch(new URL("/f/a%0Ab", other.url));
      expect(lines).to.deep.equal([
        'warn POST "/api/session" of 127.0.0.1 refused with 408: Fewer than 10 bytes came in 100 ms',
        'warn GET "/f/a%0Ab" of 127.0.0.1 refused with 401: This needs a log-in.',
      ]);
    } finally {
      await other.close();
    }
  });

  describe("sessions", () => {
    const password = "correct horse";
    beforeEach(() => site.auth.setPassword(password));

    it("open by cookie for the page, and by bearer token for programs", async () => {
      const page = await call("POST", "/api/session", { password });
      const [cookie = ""] = page.headers["set-cookie"] ?? [];
      expect(cookie).to.match(/^metacoin-upload=[\w-]{43}; Path=\/; Max-Age=\d+; HttpOnly; SameSite=Strict$/u);
      expect(page.answer).to.deep.equal({ token: null });
      const [pair = ""] = cookie.split(";");
      expect((await call("GET", "/api/files", undefined, { cookie: `other=1; ${pair}` })).status).to.equal(200);

      const program = await call("POST", "/api/session", { password, bearer: true });
      expect(program.headers["set-cookie"]).to.equal(undefined);
      const authorization = `Bearer ${String(program.answer["token"])}`;
      expect((await call("GET", "/api/files", undefined, { authorization })).status).to.equal(200);
      expect((await call("GET", "/api/files", undefined, { authorization: `${authorization}x` })).status).to.equal(401);

      expect((await call("DELETE", "/api/session", undefined, { cookie: pair })).status).to.equal(204);
      expect((await call("GET", "/api/files", undefined, { cookie: pair })).status).to.equal(401);
      expect((await call("GET", "/api/files", undefined, { authorization })).status).to.equal(200);
    });

    it("refuse a wrong password, and soon say to wait", async () => {
      for (let guess = 0; guess < 5; guess += 1)
        expect((await call("POST", "/api/session", { password: "wrong horse" })).code).to.equal("WRONG_PASSWORD");
      const { status, code, headers } = await call("POST", "/api/session", { password });
      expect([status, code, headers["retry-after"]]).to.deep.equal([429, "THROTTLED", "1"]);
    });
  });

  describe("files and directories", () => {
    it("are listed, renamed, moved and deleted", async () => {
      await drop("a.txt", "hello");
      expect((await call("POST", "/api/dirs", { dir: "x/y" })).status).to.equal(204);
      const { answer } = await call("GET", "/api/files");
      expect(answer).to.have.property("dirs").that.deep.equals(["x"]);
      expect(answer).to.have.nested.property("files[0]").that.includes({
        dir: "",
        name: "a.txt",
        size: 5,
        url: "/f/a.txt",
        sha256: "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824",
      });
      expect((await call("GET", "/api/dirs")).answer).to.deep.equal({ dirs: ["x", "x/y"] });

      const moved = await call("POST", "/api/files/move", {
        from: { dir: "", name: "a.txt" },
        to: { dir: "x/y", name: "b c.txt" },
      });
      expect(moved.answer).to.include({ dir: "x/y", name: "b c.txt", url: "/f/x/y/b%20c.txt" });
      expect((await call("POST", "/api/dirs/move", { from: "x/y", to: "z" })).status).to.equal(204);
      const download = await send("GET", "/f/z/b%20c.txt");
      expect(await text(download)).to.equal("hello");

      expect((await call("DELETE", "/api/dirs?dir=z")).code).to.equal("DIRECTORY_NOT_EMPTY");
      expect((await call("DELETE", "/api/files?dir=z&name=b%20c.txt")).status).to.equal(204);
      expect((await call("DELETE", "/api/dirs?dir=z")).status).to.equal(204);
      expect((await call("GET", "/api/files?dir=z")).code).to.equal("NOT_FOUND");
    });

    it("are never lost to a name that is taken, missing, or leads outside", async () => {
      await drop("a.txt", "a");
      await drop("b.txt", "b");
      const move = (to: unknown, from: unknown = { dir: "", name: "a.txt" }) =>
        call("POST", "/api/files/move", { from, to });
      expect((await move({ dir: "", name: "b.txt" })).code).to.equal("NAME_TAKEN");
      expect((await move({ dir: "gone", name: "a.txt" })).code).to.equal("NOT_FOUND");
      expect((await move({ dir: "", name: "c" }, { dir: "", name: "missing" })).code).to.equal("NOT_FOUND");
      for (const name of ["../a", "..", "", "a/b", "a\\b", "a\u0000b", "a\nb", "é".repeat(128)])
        expect((await move({ dir: "", name })).code, JSON.stringify(name)).to.equal("BAD_NAME");
      for (const dir of ["../x", "x/../..", "a\u202Eb"])
        expect((await call("POST", "/api/dirs", { dir })).code, JSON.stringify(dir)).to.equal("BAD_NAME");
      expect((await call("DELETE", "/api/files?name=..%2Fauth.db")).status).to.be.within(400, 499);
      expect(site.store.files.list("").files.map(({ name }) => name)).to.deep.equal(["a.txt", "b.txt"]);
    });

    it("take JSON objects of bounded size and nothing else", async () => {
      const dirs = (type: string, body: string) => send("POST", "/api/dirs", { "content-type": type }, body);
      const refusals = [
        await dirs("text/plain", '{"dir":"a"}'),
        await dirs("application/x-www-form-urlencoded", "dir=a"),
        await dirs("application/json", "{"),
        await dirs("application/json", "[]"),
        await dirs("application/json", "null"),
        await dirs("application/json", '{"dir":1}'),
        await dirs("application/json", `{"dir":"${"a".repeat(70_000)}"}`),
      ];
      for (const refusal of refusals) expect(await json(refusal)).to.have.nested.property("error.code", "BAD_REQUEST");
      expect((await call("GET", "/api/nothing")).code).to.equal("NOT_FOUND");
      expect((await call("PUT", "/api/dirs")).code).to.equal("NOT_FOUND");
    });
  });

  it("lists what is unfinished, and removes it", async () => {
    const { answer } = await call("POST", "/u", { name: "a.bin", size: 10 });
    const id = String(answer["id"]);
    await send("PUT", `/u/${id}?offset=2`, {}, "cdef").then((response) => response.resume());
    const list = await call("GET", "/api/uploads");
    expect(list.answer).to.have.nested.property("uploads.length", 1);
    expect(list.answer).to.have.nested.property("uploads[0]").that.includes({ id, via: "raw", received: 4, size: 10 });
    expect((await call("DELETE", `/api/uploads?id=${id}`)).status).to.equal(204);
    expect((await call("GET", "/api/uploads")).answer).to.deep.equal({ uploads: [] });
    expect((await call("DELETE", "/api/uploads?id=..%2F..%2Fx")).code).to.equal("NOT_FOUND");
  });

  it("serves the page with nothing inline and a policy that allows nothing inline", async () => {
    const response = await send("GET", "/");
    const html = await text(response);
    expect(html).to.not.match(/<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=|javascript:|https?:/iu);
    const policy = String(response.headers["content-security-policy"]);
    expect(policy)
      .to.include("default-src 'none'")
      .and.include("script-src 'self';")
      .and.include("frame-ancestors 'none'");
    expect(policy).to.not.match(/unsafe|\*/u);
    expect(response.headers).to.include({ "x-content-type-options": "nosniff" });
    const again = await send("GET", "/", { "if-none-match": String(response.headers.etag) });
    expect([again.statusCode, await text(again)]).to.deep.equal([304, ""]);
    const head = await send("HEAD", "/page.js");
    expect([head.statusCode, await text(head)]).to.deep.equal([200, ""]);
    const script = await text(await send("GET", "/page.js"));
    // Dropzone of the installed package is in it; and nothing else is fetched from anywhere.
    const { version } = JSON.parse(await readFile("node_modules/dropzone/package.json", "utf8")) as { version: string };
    expect(script).to.include(`"${version}"`);
  });
});
