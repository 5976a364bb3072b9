import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";

import type { TransportName } from "../../../src/ipc/contract.ts";
import { own } from "../../../src/ipc/own.ts";
import { strangerFault } from "../../../src/ipc/peer.ts";
import { loadTransport } from "../../../src/ipc/registry.ts";
import { failureOf } from "../../helpers/ipc/conformance.ts";

const key = Buffer.from("a key for tests");

describe("ipc/address", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "ipc-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const answer = () => null;

  for (const [name, protocol] of [
    ["socket", undefined],
    ["socket", "python"],
    ["rpc", "http"],
    ["rpc", "grpc"],
    ["mqtt", undefined],
  ] as const satisfies readonly (readonly [TransportName, string | undefined])[])
    it(`${name} ${protocol ?? ""}: says that a port is taken, and how to choose another`, async () => {
      const transport = await loadTransport(name);
      const first = await transport.listen({ endpoint: { folder, port: 0, protocol }, key, answer });
      const port = Number(/:(\d+)$/u.exec(first.address)?.[1]);
      const refused = await failureOf(transport.listen({ endpoint: { folder, port, protocol }, key, answer }));
      expect(refused).to.include({ code: "ENDPOINT_BUSY" }).and.property("hint").contains("--port");
      await first.close();
    });

  it("fifo: writes into nobody's file, by its name or by a link", async () => {
    const fifo = await loadTransport("fifo");
    writeFileSync(join(folder, "precious"), "data");
    symlinkSync(join(folder, "precious"), join(folder, "link"));
    const named = await failureOf(fifo.connect({ endpoint: { folder, path: join(folder, "precious") } }));
    expect(named).to.include({ code: "PROTOCOL" });
    const linked = await failureOf(fifo.connect({ endpoint: { folder, path: join(folder, "link") } }));
    expect(linked).to.have.property("code");
    expect(readFileSync(join(folder, "precious"), "utf8")).to.equal("data");
  });

  it("follows no link to where a lock would be made", () => {
    symlinkSync(join(folder, "elsewhere"), join(folder, "s.lock"));
    expect(() => own(join(folder, "s"))).to.throw("ELOOP");
  });

  it("turns other users away, root too, as far as the kernel tells", () => {
    expect(strangerFault({})).to.equal(undefined);
    expect(strangerFault({ uid: process.geteuid?.() ?? 0 })).to.equal(undefined);
    expect(strangerFault({ uid: 65_534 })?.message).to.equal("User 65534 may not connect");
  });
});
