import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import { createInterface } from "node:readline";
import { promisify } from "node:util";

import { expect } from "chai";

import { Cancellation } from "../../../../src/ipc/cancellation.ts";
import { rpc } from "../../../../src/ipc/rpc/index.ts";
import { openPair, type Pair } from "../../../helpers/ipc/conformance.ts";

const key = Buffer.from("a key for tests");

const run = async (command: string, args: readonly string[]) => (await promisify(execFile)(command, [...args])).stdout;

async function withServer(endpoint: object, work: (pair: Pair) => Promise<void>, options = {}): Promise<void> {
  const pair = await openPair({ transport: rpc, endpoint: () => endpoint, ...options }, options);
  try {
    await work(pair);
  } finally {
    await pair.stop();
  }
}

/** As Python's standard library speaks XML-RPC, over a unix socket. */
const pythonXmlRpc = `import http.client, socket, sys, xmlrpc.client
class Connection(http.client.HTTPConnection):
    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(sys.argv[1])
class Transport(xmlrpc.client.Transport):
    def make_connection(self, host):
        return Connection("localhost")
server = xmlrpc.client.ServerProxy("http://localhost/RPC2", transport=Transport(), allow_none=True)
print(server.multiply(8, 8), server.add(1.5, 2), server.convert("gr\\u00fc\\u00dfe <&>"))
print(server.echo([1, True, None, {"a": [2.5, ""]}, xmlrpc.client.Binary(b"bytes")]))
try:
    server.divide(1, 2)
except xmlrpc.client.Fault as fault:
    print(fault.faultCode, fault.faultString)`;

describe("ipc/rpc with other people's clients", function () {
  this.timeout(30_000);

  it("curl speaks REST on a unix socket, and is told by the status what went wrong", () =>
    withServer({ protocol: "rest" }, async ({ listener }) => {
      const curl = (name: string, body: string) =>
        run("curl", [
          ...`-sS -w %{http_code} -H Content-Type:application/json --unix-socket ${listener.address}`.split(" "),
          "-d",
          body,
          `http://localhost/methods/${name}`,
        ]);
      expect(await curl("multiply", "[8,8]")).to.equal('{"result":64}\n200');
      expect(await curl("divide", "[8,8]")).to.match(/"UNKNOWN_METHOD".*\n404$/u);
      expect(await curl("multiply", '["8",8]')).to.match(/"INVALID_PARAMS".*\n400$/u);
      expect(await curl("multiply", "{")).to.match(/"INVALID_PARAMS".*\n400$/u);
      expect(await curl("a%zz", "[]")).to.match(/"UNKNOWN_METHOD".*\n404$/u);
    }));

  it("curl watches events as they come", () =>
    withServer({ protocol: "rest" }, async ({ listener }) => {
      const child = spawn("curl", ["-sSN", "--unix-socket", listener.address, "http://localhost/events"]);
      const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
      expect(await lines.next()).to.have.property("value", ": watching");
      await listener.publish({ topic: "weather", data: { rain: true } });
      await lines.next();
      expect(await lines.next()).to.have.property("value", 'data: {"topic":"weather","data":{"rain":true}}');
      const closed = once(child, "close");
      child.kill("SIGKILL");
      await closed;
    }));

  it("Python's xmlrpc.client calls, passes every type, and reads faults", () =>
    withServer({ protocol: "xml" }, async ({ listener }) => {
      const [sums, echoed, fault] = (await run("/usr/bin/python3", ["-c", pythonXmlRpc, listener.address])).split("\n");
      expect(sums).to.equal("64 3.5 GRÜSSE <&>");
      expect(echoed).to.equal("[1, True, None, {'a': [2.5, '']}, 'bytes']");
      expect(fault).to.match(/^-32601 UNKNOWN_METHOD: /u);
    }));

  it("wants the key on a port, and takes no page in a browser for a client", () =>
    withServer(
      { protocol: "http", port: 0 },
      async ({ listener }) => {
        const call = (headers: Record<string, string>) =>
          fetch(`http://${listener.address}/`, {
            method: "POST",
            headers: { "content-type": "application/json", ...headers },
            body: '{"jsonrpc":"2.0","id":1,"method":"add","params":[1,2]}',
          });
        const authorization = `Bearer ${key.toString()}`;
        expect(await (await call({ authorization })).json()).to.deep.equal({ jsonrpc: "2.0", id: 1, result: 3 });
        expect((await call({})).status).to.equal(401);
        expect((await call({ authorization: "Bearer a key for testz" })).status).to.equal(401);
        expect((await call({ authorization, origin: "https://example.org" })).status).to.equal(403);
        expect((await call({ authorization, "content-type": "text/plain" })).status).to.equal(415);
      },
      { key },
    ));

  it("keeps no place for who says nothing, or half a request", () =>
    withServer(
      { protocol: "http", port: 0 },
      async ({ listener, connection }) => {
        const port = Number(/:(\d+)$/u.exec(listener.address)?.[1]);
        const sockets = ["", "POST / HTTP/1.1\r\nHost: loc"].map((text) => {
          const socket = connect(port, "127.0.0.1").resume();
          socket.write(text);
          return socket;
        });
        await Promise.all(sockets.map((socket) => once(socket, "close")));
        expect(await connection.request("add", [1, 2], new Cancellation())).to.equal(3);
      },
      { key, limits: { handshakeMs: 1000 } },
    ));

  it("refuses a document type, whose entities could multiply", () =>
    withServer({ protocol: "xml" }, async ({ listener }) => {
      const bomb = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">]><methodCall><methodName>&a;</methodName></methodCall>';
      const reply = await run("curl", [
        ...`-sS -H Content-Type:text/xml --unix-socket ${listener.address} -d`.split(" "),
        bomb,
        "http://localhost/RPC2",
      ]);
      expect(reply).to.contain("PROTOCOL: XML-RPC has no document types");
    }));
});
