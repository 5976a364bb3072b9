import { existsSync, readFileSync, writeFileSync } from "node:fs";

import { expect } from "chai";

import { createClient } from "../../../src/ipc/client.ts";
import { file } from "../../../src/ipc/file.ts";
import { conformance, failureOf, openPair, turn } from "../../helpers/ipc/conformance.ts";

conformance("file", { transport: file, calls: 60, noFarewell: true });

describe("file", () => {
  it("answers commands whatever their ids are, and stops", async () => {
    const pair = await openPair({ transport: file });
    const { listener, connection } = pair;
    const command = { command: "add", args: [1, 2] };
    const ids = ["__proto__", "constructor", ""];
    writeFileSync(
      listener.address,
      `{${ids.map((id) => `${JSON.stringify(id)}:${JSON.stringify(command)}`).join(",")}}`,
    );
    const results = () => readFileSync(listener.address, "utf8").match(/"result":3/gu) ?? [];
    while (results().length < ids.length) await turn();
    await connection.close();
    await listener.close();
    await pair.stop();
  });

  it("refuses a call that would make the file too large, and leaves it and the others' commands alone", async () => {
    const pair = await openPair({ transport: file });
    const { listener, connection } = pair;
    const client = createClient(connection);
    const refused = await failureOf(client.call("convert", ["x".repeat(17 * 1024 * 1024)]));
    expect(refused).to.include({ code: "PROTOCOL" });
    expect(existsSync(`${listener.address}.bad`)).to.equal(false);
    expect(await client.call("add", [1, 2])).to.equal(3);
    await pair.stop();
  });
});
