import { createHash } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { pathToFileURL } from "node:url";

import { expect } from "chai";

import { dropFile } from "../../../src/etl/drop.ts";
import { openStore } from "../../../src/etl/store.ts";
import { serveStub, type Stub } from "../../helpers/etl/news.ts";
import { rejection } from "../../helpers/rejection.ts";

describe("dropFile", () => {
  let folder: string;
  let server: Stub;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "drop-"));
  });
  afterEach(async () => {
    await server.close();
    await rm(folder, { recursive: true, force: true });
  });

  it("gives up on a server that takes no byte", async () => {
    let puts = 0;
    server = await serveStub((request, response) => {
      if (request.method === "PUT") puts += 1;
      const state = { id: "1", state: "active", missing: [[0, 6]], chunk: 4, sha256: null, url: null, reason: null };
      void text(request).then(() => response.setHeader("content-type", "application/json").end(JSON.stringify(state)));
    });
    const path = join(folder, "a.csv");
    await writeFile(path, "abcdef");
    const sha256 = createHash("sha256").update("abcdef").digest("hex");
    const file = { url: pathToFileURL(path).href, name: "a.csv", size: 6, sha256 };
    const context = {
      env: { LOAD_URL: `${server.url}/drop` },
      fetch,
      store: openStore(pathToFileURL(`${folder}/`).href),
    };
    const error = await rejection(dropFile(file, "a.csv", context));
    expect(error.message).to.equal("The upload server took none of the bytes 0–4 of a.csv");
    expect(puts).to.equal(1);
  });
});
