import { execFile } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, rm, stat } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

import { expect } from "chai";

import { connectJsonRpc } from "../../../src/ipc/rpc/client.ts";
import { createHeads } from "../../../src/signer/heads.ts";
import { serveSigner } from "../../../src/signer/serve.ts";
import { createTestClock } from "../../helpers/signer/clock.ts";

describe("signer/serve", () => {
  let folder: string;
  let path: string;
  let head: number;
  let close: () => Promise<void>;
  const strangers: string[] = [];
  const clock = createTestClock();

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "signer-serve-"));
    path = join(folder, "s.sock");
    head = 5;
    strangers.length = 0;
    const endpoint = async (method: string, params: readonly unknown[]) =>
      method === "eth_blockNumber" ? `0x${head.toString(16)}` : { number: params[0] };
    const server = await serveSigner({
      path,
      signer: { dispatch: async (method) => method },
      heads: createHeads(endpoint, clock),
      onStranger: (message) => strangers.push(message),
    });
    close = () => server.close();
  });

  afterEach(async () => {
    await close();
    await rm(folder, { recursive: true });
  });

  it("cuts off another user even where the socket's mode would let him in", async function () {
    if (process.getuid?.() !== 0 && process.env["CI"] !== "true") this.skip();
    expect((await stat(path)).mode & 0o777).to.equal(0o600);
    const program = "import socket,sys; s=socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); print(s.recv(9))";
    const visit = () =>
      promisify(execFile)("/usr/bin/python3", ["-c", program, path], { uid: 65_534, gid: 65_534, cwd: "/" });
    await chmod(folder, 0o755);
    expect(await visit().catch(({ stderr }: { stderr: string }) => stderr)).to.contain("PermissionError");
    await chmod(path, 0o666);
    const visited = await visit().catch(({ stderr }: { stderr: string }) => ({ stdout: stderr }));
    expect(visited)
      .to.have.property("stdout")
      .that.matches(/b''|ConnectionReset/u);
    expect(strangers.join("")).to.contain("User 65534 may not connect");
  });

  it("tells new blocks to who subscribed, as long as he listens, and asks the endpoint no longer than that", async () => {
    const heard: unknown[] = [];
    let changed = Promise.withResolvers<void>();
    const client = await connectJsonRpc(
      { path },
      {
        capBytes: 10_000,
        onNotification(_, params) {
          heard.push(params);
          changed.resolve();
          changed = Promise.withResolvers();
        },
      },
    );
    const subscription = await client.request("eth_subscribe", ["newHeads"]);
    head = 7;
    while (heard.length < 2) {
      const next = changed.promise;
      clock.advance(1000);
      await Promise.race([next, new Promise<void>((resolve) => setImmediate(resolve))]);
    }
    expect(heard).to.deep.equal([6, 7].map((number) => ({ subscription, result: { number: `0x${String(number)}` } })));
    expect(await client.request("eth_unsubscribe", [subscription])).to.equal(true);
    expect(await client.request("eth_unsubscribe", [subscription])).to.equal(false);
    client.close();
  });

  it("answers what it has read before it stops, and hangs up on half a request", async () => {
    const half = connect(path);
    half.write('{"jsonrpc":');
    const idle = connect(path);
    await once(idle, "connect");
    const client = await connectJsonRpc({ path }, { capBytes: 10_000 });
    const replies = Array.from({ length: 20 }, (_, index) => client.request(`m${String(index)}`, []));
    await replies[0];
    const closed = Promise.all([once(half.resume(), "close"), once(idle.resume(), "close")]);
    await close();
    expect(await Promise.all(replies)).to.have.length(20);
    await closed;
    close = () => Promise.resolve();
  });
});
