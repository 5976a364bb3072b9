import { once } from "node:events";
import { connect, createServer } from "node:net";

import { expect } from "chai";

import { type Notify, serveConnection } from "../../../../src/ipc/rpc/connection.ts";
import { turn } from "../../../helpers/ipc/conformance.ts";

describe("ipc/rpc/connection", () => {
  it("hangs up on a peer who subscribes and never reads", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    const client = connect(typeof address === "object" && address !== null ? address.port : 0, "127.0.0.1");
    client.on("error", () => undefined).pause();
    const [socket] = await once(server, "connection");
    let notify: Notify = () => undefined;
    serveConnection(socket, {
      capBytes: 1000,
      methodsFor(tell) {
        notify = tell;
        return () => null;
      },
    });
    for (let sent = 0; sent < 64 && !socket.destroyed; sent++) {
      notify("eth_subscription", "x".repeat(1024 * 1024));
      await turn();
    }
    expect(socket.destroyed).to.equal(true);
    expect(socket.writableLength).to.be.below(20 * 1024 * 1024);
    client.destroy();
    server.close();
  });
});
