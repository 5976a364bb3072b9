import { once } from "node:events";
import { request as openRequest } from "node:http";

import { expect } from "chai";

import { serveStore, type TestServer } from "./server.ts";
import { until } from "./until.ts";

/** A server whose clock the steps move, what a case has created so far, and the URL that the next step is about. */
export type Session = {
  readonly server: TestServer;
  readonly clock: { now: number };
  readonly urls: string[];
  current: string;
};

export type Step = (session: Session) => Promise<void>;

/** What is sent beside the version; undefined leaves a header away. */
type Sent = Readonly<Record<string, string | undefined>>;
/** What an answer must have; undefined where a header must be missing. */
type Wanted = Readonly<Record<string, string | RegExp | undefined>>;
type More = { readonly status?: number; readonly has?: Wanted; readonly headers?: Sent };

export const limits = { maxSize: 900_000, quota: 1_000_000, ttlMs: 3_600_000 } as const;
export const octets = "application/offset+octet-stream";
export const date = /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT$/u;

/** Serves a store for all cases; each takes a session of its own from it. */
export async function openSessions(): Promise<{ begin: () => Session; close: () => Promise<void> }> {
  const clock = { now: Date.now() };
  const server = await serveStore({ ...limits, now: () => clock.now });
  return { begin: () => ({ server, clock, urls: [], current: "/files" }), close: server.close };
}

export const options =
  (has: Wanted, headers: Sent = {}): Step =>
  async (session) =>
    check(await send(session, "OPTIONS", "/files", { "tus-resumable": undefined, ...headers }), 200, has);

/** Creates an upload of 100 bytes, where `sent` does not say otherwise. */
export const create =
  (sent: Sent = { "upload-length": "100" }, { status = 201, has = {}, body }: More & { body?: string } = {}): Step =>
  async (session) => {
    const response = await send(session, "POST", "/files", sent, body);
    check(response, status, { location: status === 201 ? /^https?:\/\/.+/u : undefined, ...has });
    session.current = response.headers.get("location") ?? "/files";
    if (status === 201) session.urls.push(session.current);
  };

export const sized = (length: number): Step => create({ "upload-length": String(length) });

export const head =
  (has: Wanted, { status = 200, headers = {} }: More = {}): Step =>
  async (session) =>
    check(await send(session, "HEAD", session.current, headers), status, has);

export const patch =
  (offset: number | string, body: string, { status = 204, has = {}, headers = {} }: More = {}): Step =>
  async (session) => {
    const sent = { "upload-offset": String(offset), "content-type": octets, ...headers };
    check(await send(session, "PATCH", session.current, sent, body), status, has);
  };

/** A POST that says which method it stands for. */
export const override =
  (method: string, { status = 204, has = {}, headers = {} }: More, body?: string): Step =>
  async (session) =>
    check(
      await send(session, "POST", session.current, { "x-http-method-override": method, ...headers }, body),
      status,
      has,
    );

export const remove =
  ({ status = 204, has = {}, headers = {} }: More = {}): Step =>
  async (session) =>
    check(await send(session, "DELETE", session.current, headers), status, has);

/** A partial upload, and all its bytes. */
export const part =
  (body: string, headers: Sent = {}): Step =>
  async (session) => {
    await create({ "upload-length": String(body.length), "upload-concat": "partial", ...headers })(session);
    await patch(0, body)(session);
  };

/** A final upload of all that the case has created. */
export const final =
  ({ headers = {}, ...more }: More = {}): Step =>
  (session) =>
    create({ "upload-concat": `final;${session.urls.join(" ")}`, ...headers }, more)(session);

/** The next step is about another upload of the case, or about another path. */
export const at =
  (place: number | string): Step =>
  async (session) => {
    session.current = typeof place === "string" ? place : (session.urls[place] ?? "");
  };

/** Time goes on, and what has expired is swept away. */
export const pass =
  (ms: number): Step =>
  async ({ clock, server }) => {
    clock.now += ms;
    await server.store.expire();
  };

/** What was created differs, and nobody can guess it. */
export const apart: Step = async ({ urls }) => {
  expect(new Set(urls).size).to.equal(urls.length).and.to.be.greaterThan(1);
  for (const url of urls) expect(url).to.match(/\/files\/[0-9a-f]{32}$/u);
};

/** HEAD repeats what the parts of the final were called when it was created. */
export const named: Step = async (session) =>
  head({ "upload-concat": `final;${session.urls.slice(0, -1).join(" ")}` })(session);

/** A second PATCH lengthens the life of the upload. */
export const lengthened =
  (offset: number, body: string): Step =>
  async (session) => {
    const before = Date.parse((await send(session, "HEAD", session.current)).headers.get("upload-expires") ?? "");
    await pass(60_000)(session);
    await patch(offset, body)(session);
    const after = Date.parse((await send(session, "HEAD", session.current)).headers.get("upload-expires") ?? "");
    expect(after - before).to.be.within(59_000, 61_000);
  };

/** Both at once, of which one at most may write. */
export const race =
  (offset: number, body: string): Step =>
  async (session) => {
    const sent = { "upload-offset": String(offset), "content-type": octets };
    const answers = await Promise.all([1, 2].map(() => send(session, "PATCH", session.current, sent, body)));
    const statuses = answers.map(({ status }) => status).toSorted((one, other) => one - other);
    // The later one may end the earlier one, whose bytes then count all the same.
    expect(statuses[1]).to.equal(409);
    expect(statuses[0]).to.be.oneOf([204, 409]);
  };

/** Both at once. */
export const together =
  (...steps: readonly Step[]): Step =>
  async (session) => {
    await Promise.all(steps.map((step) => step(session)));
  };

/** A PATCH of which only the beginning comes; its connection stays, or breaks. */
export const hang =
  (body: string, length: number, { breaks }: { readonly breaks: boolean }): Step =>
  async ({ server, current }) => {
    const request = openRequest(new URL(current, server.url), {
      method: "PATCH",
      headers: { ...sentAlways, "upload-offset": "0", "content-type": octets, "content-length": String(length) },
    });
    request.on("error", () => undefined).on("response", (response) => response.resume());
    const before = await received(server);
    request.write(body);
    await until("the server reads what came", async () => (await received(server)) >= before + body.length);
    if (breaks) request.destroy();
  };

/** A PATCH with the checksum after its body. */
export const trail =
  (body: string, checksum: string, { status = 204, has = {} }: More = {}): Step =>
  async ({ server, current }) => {
    const request = openRequest(new URL(current, server.url), {
      method: "PATCH",
      headers: { ...sentAlways, "upload-offset": "0", "content-type": octets, trailer: "Upload-Checksum" },
    });
    request.write(body);
    request.addTrailers({ "upload-checksum": checksum });
    request.end();
    const [response] = await once(request, "response");
    response.resume();
    const headers = new Headers(Object.entries(response.headers).map(([name, value]) => [name, String(value)]));
    check({ status: response.statusCode, headers, text: "" }, status, has);
  };

type Answer = { readonly status: number; readonly headers: Headers; readonly text: string };

const sentAlways = { "tus-resumable": "1.0.0" } as const;

async function send({ server }: Session, method: string, url: string, sent: Sent = {}, body?: string): Promise<Answer> {
  const headers = Object.entries({ ...sentAlways, ...sent }).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value] satisfies [string, string]],
  );
  // Bytes, so that nothing adds a Content-Type.
  const bytes = body === undefined ? {} : { body: Buffer.from(body) };
  const response = await fetch(new URL(url, server.url), { method, headers, ...bytes });
  return { status: response.status, headers: response.headers, text: await response.text() };
}

function check({ status, headers, text }: Answer, wanted: number, has: Wanted): void {
  expect(status, text).to.equal(wanted);
  // The specification: in all answers but those to OPTIONS.
  for (const [name, value] of Object.entries({ ...sentAlways, ...has })) {
    const is = headers.get(name) ?? undefined;
    if (typeof value === "object") expect(is, name).to.match(value);
    else expect(is, name).to.equal(value);
  }
}

/** The bytes of bodies that the server has read so far. */
async function received({ url }: TestServer): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  return Number(/upload_received_bytes_total (\d+)/u.exec(text)?.[1]);
}
