import { expect } from "chai";
import { z } from "zod";

import { createClient } from "../../../src/ipc/client.ts";
import { method } from "../../../src/ipc/dispatch.ts";
import { shm } from "../../../src/ipc/shm.ts";
import { conformance, failureOf, openPair, testService } from "../../helpers/ipc/conformance.ts";

conformance("shm", { transport: shm });

describe("shm", () => {
  it("drops a client whose late reply does not fit, and serves the next", async () => {
    const huge = method({
      summary: "More than waits for anybody",
      names: [],
      params: z.tuple([]),
      run: async () => "x".repeat(20 * 1024 * 1024),
    });
    const faults: string[] = [];
    const pair = await openPair(
      { transport: shm },
      { service: new Map([...testService(), ["huge", huge]]), onFault: ({ message }) => faults.push(message) },
    );
    expect(await failureOf(createClient(pair.connection).call("huge"))).to.include({ code: "DISCONNECTED" });
    expect(faults).to.deep.equal(["The other side does not read"]);
    expect(await createClient(await pair.connect()).call("add", [1, 2])).to.equal(3);
    await pair.stop();
  });
});
