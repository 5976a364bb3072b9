import { mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

import { expect } from "chai";

import { keep, pass, receive } from "../../../src/etl/reference.ts";
import { openStore, type Store, StoreUrlError } from "../../../src/etl/store.ts";

describe("what is passed from state to state", () => {
  let folder: string;
  let store: Store;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "store-"));
    store = openStore(pathToFileURL(`${folder}/`).href);
  });
  afterEach(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  it("is the text itself up to 200 KiB, a reference above, the same again either way", async () => {
    const short = "x".repeat(200 * 1024 - 2);
    expect(await pass(store, short, ".csv")).to.deep.equal({ text: short });
    const long = `${short}é`;
    const passed = await pass(store, long, ".csv");
    expect(passed).to.have.nested.property("file.size", 200 * 1024);
    expect(JSON.stringify(passed).length).to.be.below(400);
    expect(await receive(store, passed)).to.equal(long);
  });

  it("is in a file that only its owner may read, and no temporary one stays", async () => {
    const kept = await keep(store, "a/b.txt", "text");
    expect((await stat(new URL(kept.url))).mode & 0o777).to.equal(0o600);
    expect(await readdir(join(folder, "a"))).to.deep.equal(["b.txt"]);
  });

  it("leaves the old content, and nothing else, where writing fails", async () => {
    await store.put("a.txt", "old");
    const broken = async function* () {
      yield "half";
      throw new Error("cut");
    };
    expect(await store.put("a.txt", broken()).catch(() => "failed")).to.equal("failed");
    expect(await readFile(join(folder, "a.txt"), "utf8")).to.equal("old");
    expect(await readdir(folder)).to.deep.equal(["a.txt"]);
  });

  it("is a file or a bucket", () => {
    expect(() => openStore("ftp://x/")).to.throw(StoreUrlError);
    expect(openStore("s3://bucket/prefix/").urlOf("a")).to.equal("s3://bucket/prefix/a");
  });
});
