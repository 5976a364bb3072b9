import { expect } from "chai";

import { RefusedError } from "../../../src/upload/client-http.ts";
import { connect, PlainTextError, type ConnectOptions } from "../../../src/upload/client-session.ts";
import { rejection } from "../../helpers/rejection.ts";
import { startSite, type Site } from "../../helpers/upload/site.ts";

const password = "correct horse";

describe("the session of a client", () => {
  let site: Site;
  let options: ConnectOptions;

  beforeEach(async () => {
    site = await startSite();
    options = { base: new URL(site.url), askPassword: () => Promise.reject(new Error("asked")) };
  });
  afterEach(() => site.close());

  it("asks for nothing, and sends nothing, where nothing is locked", async () => {
    const connection = await connect({ ...options, token: "secret" });
    expect(await connection.ask({ method: "GET", path: "/api/dirs" })).to.deep.equal({ dirs: [] });
    await connection.end();
  });

  it("opens with the password, and is gone from the server after its end", async () => {
    await site.auth.setPassword(password);
    const connection = await connect({ ...options, askPassword: async () => password });
    const call = { method: "GET", path: "/api/dirs" };
    expect(await connection.ask(call)).to.deep.equal({ dirs: [] });
    await connection.end();
    expect(await rejection(connection.ask(call))).to.include({ status: 401 });
  });

  it("sends no secret that others could read on the way", async () => {
    await site.auth.setPassword(password);
    // It leads here too, and is no address of loopback.
    const base = new URL(site.url.replace("127.0.0.1", "0.0.0.0"));
    expect(await rejection(connect({ ...options, base, token: "secret" }))).to.be.instanceOf(PlainTextError);
    expect(await rejection(connect({ ...options, base }))).to.be.instanceOf(PlainTextError);
  });

  it("says which secret is wrong", async () => {
    await site.auth.setPassword(password);
    const wrong = await rejection(connect({ ...options, askPassword: async () => "wrong horse" }));
    expect(wrong).to.include({ code: "WRONG_PASSWORD" });
    const stale = await rejection(connect({ ...options, token: "secret" }));
    expect(stale).to.be.instanceOf(RefusedError).and.include({ code: "LOG_IN" });
    expect(stale.message).to.not.include("secret");
    const connection = await connect({ ...options, token: site.auth.issueToken() });
    expect(await connection.ask({ method: "GET", path: "/api/dirs" })).to.deep.equal({ dirs: [] });
    await connection.end();
  });
});
