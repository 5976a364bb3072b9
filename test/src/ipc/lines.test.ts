import { mkdtempSync, openSync, closeSync, readFileSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";

import type { Listener } from "../../../src/ipc/contract.ts";
import { shm } from "../../../src/ipc/shm.ts";

describe("ipc/lines", () => {
  let folder: string;
  let path: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "lines-"));
    path = join(folder, "lines");
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  /** As a program does that has the file mapped. */
  const write = (text: string) => {
    const fd = openSync(path, "r+");
    writeSync(fd, `${text}\n\0`, 0);
    closeSync(fd);
  };
  const text = () => readFileSync(path, "utf8").split("\0")[0];

  it("writes no line back that it was told by the file: somebody may have written anew", async () => {
    const told: unknown[] = [];
    const second = Promise.withResolvers<void>();
    const listener: Listener = await shm.listen({
      endpoint: { folder, path, protocol: "lines" },
      answer({ params: [index, line] }) {
        told.push(line);
        if (line === "first") write("second");
        else second.resolve();
        // What the service does with a line that changed.
        void listener.publish({ topic: "line", data: { index, text: line } });
      },
    });
    write("first");
    await second.promise;
    expect([told, text()]).to.deep.equal([["first", "second"], "second\n"]);
    void listener.publish({ topic: "line", data: { index: 0, text: "of the service's own" } });
    expect(text()).to.equal("of the service's own\n");
    await listener.close();
  });
});
