import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";

import { createClient } from "../../../src/ipc/client.ts";
import type { TransportName } from "../../../src/ipc/contract.ts";
import { loadTransport } from "../../../src/ipc/registry.ts";
import { collect, failureOf, turn } from "../../helpers/ipc/conformance.ts";
import { type Program, pythons, run, runPython, startServer } from "../../helpers/ipc/programs.ts";
import { type Redis, startRedis } from "../../helpers/ipc/redis.ts";

const debian = "/usr/bin/python3";
const key = "secret password";

describe("foreign programs", () => {
  let folder: string;
  let programs: Program[];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "ipc-"));
    programs = [];
  });
  afterEach(async () => {
    await Promise.all(programs.map(({ kill }) => kill()));
    rmSync(folder, { recursive: true, force: true });
  });

  const keep = <Kept extends Program>(program: Kept): Kept => {
    programs.push(program);
    return program;
  };
  const serve = async (name: TransportName, path: string, protocol?: string, secret?: string) =>
    keep(await startServer(name, { folder, path, ...(protocol === undefined ? {} : { protocol }) }, secret));
  const python = (script: string, ...args: string[]) => keep(runPython(debian, script, args));
  const connect = async (name: TransportName, path: string, protocol?: string, secret?: string) => {
    const transport = await loadTransport(name);
    return transport.connect({
      endpoint: { folder, path, protocol },
      key: secret === undefined ? undefined : Buffer.from(secret),
    });
  };

  describe("FIFO", () => {
    it("Python's writer is converted by our server", async () => {
      const server = await serve("fifo", join(folder, "f"));
      python("fifo_writer.py", join(folder, "f"), "hello", "hello world");
      expect(await server.line((line) => line.includes("HELLO WORLD"))).to.include('"method":"convert"');
      expect(server.lines).to.have.length(3);
    });

    it("what is out of sync is told once, and the next message is read", async () => {
      const server = await serve("fifo", join(folder, "f"));
      keep(run("/bin/sh", ["-c", `printf 'garbage XYZ X00x5 X0005after' > ${join(folder, "f")}`]));
      await server.line((line) => line.includes("AFTER"));
      expect(server.lines.filter((line) => line.includes("Out of sync!"))).to.have.length(1);
    });

    it("our frames are read by Python's reader", async () => {
      const reader = python("fifo_reader.py", join(folder, "f"));
      await reader.line((line) => line === "ready");
      keep(run("/bin/sh", ["-c", `printf 'X0005helloX0003you' > ${join(folder, "f")}`]));
      expect(await reader.line((line) => line === "YOU")).to.equal("YOU");
      expect(reader.lines).to.deep.equal(["ready", "HELLO", "YOU"]);
    });
  });

  describe("shared file", () => {
    it("Python's client with filelock is answered, and gets both error texts", async () => {
      const path = join(folder, "c.json");
      const server = await serve("file", path);
      const ask = async (...args: string[]) => {
        const client = python("file_client.py", path, ...args);
        await client.ended;
        return client.lines.at(-1);
      };
      expect(await ask("add", "2", "3")).to.equal("result 5");
      expect(await ask("multiply", "8", "8")).to.equal("result 64");
      expect(await ask("divide", "1", "1")).to.equal("error Unknown command: divide");
      expect(await ask("add", "1")).to.match(/^error Wrong arguments for add/u);
      expect(server.lines.join("\n")).to.include('"method":"add","params":[2,3]');
      expect(JSON.parse(readFileSync(path, "utf8"))).to.deep.equal({});
    });

    it("our client is answered by Python's server", async () => {
      const path = join(folder, "c.json");
      await python("file_server.py", path).line((line) => line === "ready");
      const connection = await connect("file", path);
      const client = createClient(connection);
      expect(await client.call("multiply", [6, 7])).to.equal(42);
      expect(await failureOf(client.call("divide", [1, 1]))).to.include({ message: "Unknown command: divide" });
      await connection.close();
    });

    it("each excludes the other's lock, which a kill frees at once", async () => {
      const { withLock } = await import("../../../src/ipc/lock.ts");
      const path = join(folder, "x.lock");
      const holder = python("filelock_holder.py", "hold", path);
      await holder.line((line) => line === "held");
      const failure = await failureOf(withLock(path, () => 1, { signal: AbortSignal.timeout(100) }));
      expect(failure).to.be.instanceOf(Error);
      await holder.kill();
      await withLock(path, async () => {
        const other = python("filelock_holder.py", "try", path);
        await other.ended;
        expect(other.lines).to.deep.equal(["busy"]);
      });
    });
  });

  describe("mmap", () => {
    it("Python's writer is noticed by our server, line by line", async () => {
      const path = join(folder, "lines");
      const server = await serve("shm", path, "lines");
      await python("mmap_writer.py", path, "first", "second").ended;
      expect(await server.line((line) => line.includes('[1,"second"]'))).to.include('"result":true');
      expect(server.lines.join("\n")).to.include('[0,"first"]');
    });

    it("our client's lines are seen by Python's reader, and Python's by our watcher", async () => {
      const path = join(folder, "lines");
      await serve("shm", path, "lines");
      const connection = await connect("shm", path, "lines");
      const client = createClient(connection);
      const { done } = await collect(connection, 2);
      const reader = python("mmap_reader.py", path);
      await reader.line((line) => line === "ready");
      await client.call("line", [0, "from node"]);
      await reader.line((line) => line === "line from node");
      await client.call("line", [0, "end"]);
      await reader.ended;
      await python("mmap_writer.py", path, "from python").ended;
      while (!JSON.stringify(await client.call("lines")).includes("from python")) await turn();
      expect((await done).at(-1)).to.deep.include({ topic: "line" });
      await connection.close();
    });
  });

  describe("signals", () => {
    it("Python's client hears on, off and on again; its stale PID is removed", async () => {
      const path = join(folder, "pids");
      const client = python("signal_client.py", path);
      await client.line((line) => line === "ready");
      const server = await serve("signal", path);
      await client.line((line) => line === "service on");
      const own = await connect("signal", path);
      await createClient(own).call("switch", ["off"]);
      await client.line((line) => line === "service off");
      const stale = client.pid;
      await client.kill();
      const { done } = await collect(own, 1);
      await done;
      await createClient(own).call("switch", ["on"]);
      while (readFileSync(path, "utf8").split("\n").includes(String(stale))) await turn();
      await own.close();
      expect(await server.kill("SIGTERM")).to.equal(0);
    });

    it("our client hears Python's server", async () => {
      const path = join(folder, "pids");
      const server = python("signal_server.py", path);
      await server.line((line) => line === "ready");
      const connection = await connect("signal", path);
      for (const state of ["off", "on"]) {
        const { done } = await collect(connection, 1);
        server.child.stdin?.write(`${state}\n`);
        expect((await done)[0]).to.deep.equal({ topic: "state", data: state });
      }
      await connection.close();
    });

    it("never signals a program that does not handle both: no inspector opens, nobody is killed", async () => {
      const path = join(folder, "pids");
      const node = keep(run(process.execPath, ["-e", `process.stdin.resume(); console.log("up")`]));
      const sleeper = keep(run("/bin/sleep", ["600"]));
      await node.line((line) => line === "up");
      const { writeFileSync } = await import("node:fs");
      writeFileSync(path, `${String(node.pid)}\n${String(sleeper.pid)}\n4194300\n`);
      const server = await serve("signal", path);
      const connection = await connect("signal", path);
      await createClient(connection).call("switch", ["off"]);
      await server.line((line) => line.includes('"switch"'));
      await connection.close();
      await server.kill("SIGTERM");
      expect(readFileSync(path, "utf8").trim()).to.equal("");
      expect([node.child.exitCode, sleeper.child.exitCode, sleeper.child.signalCode]).to.deep.equal([null, null, null]);
      const inodes = readFileSync("/proc/net/tcp", "utf8")
        .split("\n")
        .filter((line) => / 0100007F:240D /u.test(line));
      expect(inodes).to.deep.equal([]);
    });
  });

  describe("multiprocessing.connection", () => {
    for (const each of pythons.filter((path) => existsSync(path))) {
      it(`${each}: its client multiplies on our server, and stops it`, async () => {
        const path = join(folder, "s");
        const server = await serve("socket", path, "python", key);
        const client = keep(runPython(each, "connection_client.py", [path, key, "[8, 8]", '"stop server"']));
        await client.ended;
        expect(client.lines).to.deep.equal(["64", '"stopped"']);
        expect(await server.ended).to.equal(0);
      });

      it(`${each}: our client multiplies on its server, and stops it`, async () => {
        const path = join(folder, "s");
        const server = keep(runPython(each, "connection_server.py", [path, key]));
        await server.line((line) => line === "ready");
        const connection = await connect("socket", path, "python", key);
        const client = createClient(connection);
        expect(await client.call("multiply", [8, 8])).to.equal(64);
        expect(await client.call("stop server")).to.equal("stopped");
        await connection.close();
        expect(await server.ended).to.equal(0);
      });
    }

    it("over TCP as well", async () => {
      const server = keep(await startServer("socket", { folder, port: 0, protocol: "python" }, key));
      const client = python("connection_client.py", server.address, key, "[8, 8]", '["add", 1, 2]', '["divide", 1]');
      await client.ended;
      expect(client.lines.slice(0, 2)).to.deep.equal(["64", "3"]);
      expect(client.lines[2]).to.include("Unknown command: divide");
    });

    it("a wrong key is refused both ways", async () => {
      const path = join(folder, "s");
      await serve("socket", path, "python", key);
      const client = python("connection_client.py", path, "wrong", "[8, 8]");
      await client.ended;
      expect(client.lines).to.deep.equal(["AuthenticationError"]);
      expect(await failureOf(connect("socket", path, "python", "wrong"))).to.include({ code: "WRONG_KEY" });
    });

    it("a pickle that would run code is refused, and nothing runs", async () => {
      const path = join(folder, "s");
      const server = await serve("socket", path, "python", key);
      const attack = python("connection_attack.py", path, key, join(folder, "trace"));
      await attack.ended;
      expect(attack.lines).to.deep.equal(["refused"]);
      expect(existsSync(join(folder, "trace"))).to.equal(false);
      expect(await server.line((line) => line.includes("fault"))).to.include("could run code");
      const client = python("connection_client.py", path, key, "[8, 8]");
      await client.ended;
      expect(client.lines).to.deep.equal(["64"]);
    });
  });

  describe("redis-cli", () => {
    let redis: Redis;
    before(async () => {
      redis = await startRedis();
    });
    after(() => redis.stop());

    it("publishes to our watchers and hears our messages", async () => {
      const transport = await loadTransport("redis");
      const connection = await transport.connect({ endpoint: { folder, url: redis.url } });
      const { done } = await collect(connection, 1);
      const cli = (...args: string[]) => keep(run("/usr/bin/redis-cli", ["-s", redis.path, ...args]));
      await cli("publish", "metacoin:channel:news", "hello").ended;
      expect((await done)[0]).to.deep.equal({ topic: "news", data: "hello" });

      const subscriber = cli("subscribe", "metacoin:channel:news");
      await subscriber.line((line) => line === "1");
      const server = keep(await startServer("redis", { folder, url: redis.url }));
      await createClient(connection).call("send", ["news", { from: "node" }]);
      expect(await subscriber.line((line) => line.startsWith("{"))).to.equal('{"from":"node"}');
      expect(await server.kill("SIGTERM")).to.equal(0);
      await connection.close();
    });
  });
});
