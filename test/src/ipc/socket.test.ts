import { expect } from "chai";

import { createClient } from "../../../src/ipc/client.ts";
import { socket } from "../../../src/ipc/socket.ts";
import { conformance, failureOf, openPair } from "../../helpers/ipc/conformance.ts";

const key = Buffer.from("a key for tests");

conformance("socket, unix, no key", { transport: socket });
conformance("socket, unix, key", { transport: socket, key });
conformance("socket, TCP", { transport: socket, key, endpoint: () => ({ port: 0 }) });
describe("socket", () => {
  it("says that a key is wanted to who comes without one", async () => {
    const pair = await openPair({ transport: socket, key });
    const connection = await socket.connect({ endpoint: pair.endpoint });
    expect(await failureOf(createClient(connection).call("add", [1, 2]))).to.include({ code: "WRONG_KEY" });
    await pair.stop();
  });
});

conformance("socket, Python's protocol", {
  transport: { ...socket, caps: { ...socket.caps, publish: false, stream: false } },
  key,
  noFarewell: true,
  endpoint: () => ({ protocol: "python" }),
});
