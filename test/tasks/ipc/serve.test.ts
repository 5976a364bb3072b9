import { readFileSync, statSync } from "node:fs";
import { mkdtemp, rm, symlink, unlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";

import { createEventLog } from "../../../src/ipc/events.ts";
import { renderCall } from "../../../tasks/ipc/serve.ts";
import { renderEvent } from "../../../tasks/ipc/watch.ts";
import { type Program, repositoryProgram } from "../../helpers/ipc/programs.ts";

describe("ipc serve, call and watch", function () {
  this.timeout(120_000);
  let folder: string;
  let programs: Program[];
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "ipc-"));
    programs = [];
  });
  afterEach(async () => {
    await Promise.all(programs.map(({ kill }) => kill()));
    await rm(folder, { recursive: true });
  });

  /** Hardhat with its endpoints in a folder of this test. */
  const ipc = (...args: string[]) => {
    const program = repositoryProgram(["ipc", ...args], { XDG_RUNTIME_DIR: folder });
    programs.push(program);
    return program;
  };
  const call = async (...args: string[]) => {
    const program = ipc("call", ...args);
    return { code: await program.ended, out: program.lines.join("\n"), err: program.errors() };
  };

  it("serves on a socket with a key made on first use, tells each call and event, and stops when told", async () => {
    const server = ipc("serve");
    await server.said("Listening on");
    expect(statSync(join(folder, "metacoin")).mode & 0o777).to.equal(0o700);
    expect(statSync(join(folder, "metacoin", "key")).mode & 0o777).to.equal(0o600);

    expect(await call("multiply", "8", "8")).to.include({ code: 0, out: "64" });
    expect(await call("convert", "hello", "world")).to.include({ code: 0, out: "HELLO WORLD" });
    expect(await call("line", "0", "42", "is", "text")).to.include({ code: 0, out: "true" });
    expect(await call("lines")).to.include({ code: 0, out: '[\n  "42 is text"\n]' });
    const wrong = await call("divide", "1", "2", "--json");
    expect(wrong.code).to.equal(1);
    expect(JSON.parse(wrong.out)).to.have.nested.property("error.code", "REMOTE");
    expect(wrong.err).to.include("Error: Unknown command: divide");

    const watcher = ipc("watch", "--transport", "socket");
    // The watcher is heard of by its first event.
    let sent = 0;
    while (watcher.lines.length === 0) await call("send", "news", String((sent += 1)));
    expect(watcher.lines[0]).to.match(/^news \d+$/u);

    expect(await call("stop", "server")).to.include({ code: 0, out: "stopped" });
    expect(await server.ended).to.equal(0);
    expect(await watcher.ended).to.equal(0);
    expect(server.lines.slice(0, 5)).to.deep.equal([
      "multiply 8 8 = 64",
      "HELLO WORLD",
      "line 0 42 is text = true",
      'lines = [ "42 is text" ]',
      "divide 1 2: Unknown command: divide",
    ]);
    const key = readFileSync(join(folder, "metacoin", "key"), "utf8").trim();
    for (const { lines, errors } of programs) expect([...lines, errors()].join("\n")).not.to.include(key);
  });

  it("refuses a folder that others could have made", async () => {
    await symlink("/tmp", join(folder, "metacoin"));
    const server = ipc("serve");
    expect(await server.ended).to.equal(1);
    expect(server.errors()).to.include("must be a folder of yours");
    await unlink(join(folder, "metacoin"));
  });

  it("says what is wrong with a transport, a port or a missing server", async () => {
    expect(await call("add", "1", "2")).to.include({ code: 1 });
    const unknown = await call("add", "1", "2", "--transport", "pigeon");
    expect(unknown).to.include({ code: 2 });
    expect(unknown.err).to.include("There are fifo, file, redis");
    expect((await call("add", "1", "2", "--port", "x")).code).to.equal(2);
    const redis = ipc("serve", "--transport", "redis", "--url", "redis://127.0.0.1:1");
    expect(await redis.ended).to.equal(2);
    expect(redis.errors()).to.include("apt-get install redis-server");
  });

  it("names the folder that an endpoint of one's own lacks", async () => {
    const path = join(folder, "missing", "endpoint.sock");
    for (const program of [ipc("serve", "--path", path), ipc("signer", "--network", "sepolia", "--path", path)]) {
      expect(await program.ended).to.equal(2);
      expect(program.errors())
        .to.include(`There is no folder ${join(folder, "missing")}`)
        .and.to.include("mkdir");
    }
  });

  it("watches a running deployment without being told where, from its first event", async () => {
    const idle = ipc("watch");
    expect(await idle.ended).to.equal(1);
    expect(idle.errors()).to.include("Start a deployment in another terminal");
    const log = await createEventLog({ folder: join(folder, "metacoin"), name: "deploy-sepolia" });
    log.publish("plan", { transactions: 2 });
    const watcher = ipc("watch", "--ndjson");
    await watcher.line((line) => line.includes("plan"));
    log.publish("confirm", { contract: "MetaCoin" });
    await log.close();
    expect(await watcher.ended).to.equal(0);
    expect(watcher.lines.map((line) => JSON.parse(line) as unknown)).to.deep.equal([
      { topic: "plan", data: { transactions: 2 }, sequence: 1 },
      { topic: "confirm", data: { contract: "MetaCoin" }, sequence: 2 },
    ]);
  });

  it("prints as the tutorial does", () => {
    expect(renderCall({ method: "convert", params: ["hi"], result: "HI" })).to.equal("HI");
    expect(renderCall({ method: "add", params: [1, 2], result: 3 })).to.equal("add 1 2 = 3");
    expect(renderCall({ method: "add", params: [1], error: new Error("no") })).to.equal("add 1: no");
    expect(renderEvent({ topic: "confirm", data: { a: [1] }, sequence: 12 })).to.equal('12 confirm { "a": [ 1 ] }');
    expect(renderEvent({ topic: "state", data: "on" })).to.equal("state on");
  });

  it("keeps what a client sent on its line, and from moving the cursor", () => {
    const text = "a\nadd 1 2 = 4\u001B[2J";
    expect(renderCall({ method: "convert", params: [text], result: text })).to.equal("a\\u{a}add 1 2 = 4\\u{1b}[2J");
    const failed = renderCall({ method: text, params: [], error: new Error(text) });
    for (const line of [failed, renderEvent({ topic: text, data: text })])
      expect(line).not.to.contain("\n").and.not.to.contain("\u001B");
  });
});
