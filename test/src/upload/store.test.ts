import { execFileSync } from "node:child_process";
import { chmod, mkdir, mkdtemp, open, readdir, rm, stat, symlink, truncate, unlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";

import { openCatalogue } from "../../../src/upload/catalogue.ts";
import type { Store } from "../../../src/upload/core.ts";
import { GoneError, NameTakenError, StoreError, StoreFullError, TooLargeError } from "../../../src/upload/failures.ts";
import type { UploadAnswer } from "../../../src/upload/protocol.ts";
import { pruneStore } from "../../../src/upload/prune.ts";
import { openStore, type OpenedStore } from "../../../src/upload/store.ts";
import { bytesOf, download, postChunk, serveStore, sha256 } from "../../helpers/upload/server.ts";

const MB = 1_000_000;

async function write({ uploads }: Store, id: string, start: number, bytes: Buffer): Promise<void> {
  const hold = await uploads.hold(id, [start, start + bytes.length]);
  try {
    await hold.write([bytes]);
    hold.commit();
  } finally {
    hold.release();
  }
}

/** Makes the next start believe that the last server was killed. */
function markUnclean(dir: string): void {
  const catalogue = openCatalogue(dir);
  catalogue.setMeta("clean", "no");
  catalogue.close();
}

describe("upload: store", () => {
  let dir: string;
  let store: OpenedStore;
  let now = Date.now();
  const reopen = async (options: object = {}) => {
    store = await openStore({ dir, reserve: 0, now: () => now, ...options });
  };
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), "upload-store-"));
    now = Date.now();
    await reopen();
  });
  afterEach(async () => {
    await store.close();
    await rm(dir, { recursive: true, force: true });
  });
  const bytes = bytesOf(3 * MB);
  const create = (name = "a.bin", more: object = {}) =>
    store.uploads.create({ via: "raw", dir: "", name, size: bytes.length, ...more });
  const publish = async (name: string, content: Buffer) => {
    const { id } = create(name, { size: content.length });
    await write(store, id, 0, content);
    return store.uploads.finish(id);
  };

  it("keeps everything to its owner", async () => {
    await publish("a.bin", bytes);
    create("b.bin");
    await write(store, create("c.bin").id, 0, bytes.subarray(0, 10));
    for (const path of await readdir(dir, { recursive: true })) {
      const { mode } = await stat(join(dir, path));
      expect((mode & 0o077).toString(8), path).to.equal("0");
    }
    expect((await stat(join(dir, "blobs", sha256(bytes).slice(0, 2), sha256(bytes)))).mode & 0o777).to.equal(0o400);
  });

  it("takes over no folder that is somebody else's, and leaves it as it is", async () => {
    const home = join(dir, "home");
    await mkdir(home, { mode: 0o755 });
    await writeFile(join(home, "letters.txt"), "");
    expect(await openStore({ dir: home }).catch((thrown: unknown) => thrown)).to.be.instanceOf(StoreError);
    expect([await readdir(home), (await stat(home)).mode & 0o777]).to.deep.equal([["letters.txt"], 0o755]);
  });

  it("is served by one process only", async () => {
    const error = await openStore({ dir }).catch((thrown: unknown) => thrown);
    expect(error).to.be.instanceOf(StoreError);
  });

  it("publishes when the ranges are whole, and not before; any number of times", async () => {
    const { id } = create();
    await write(store, id, MB, bytes.subarray(MB));
    expect(await store.uploads.finish(id)).to.be.undefined;
    expect(store.files.list("").files).to.deep.equal([]);
    await write(store, id, 0, bytes.subarray(0, MB));
    const done = await Promise.all([1, 2, 3].map(() => store.uploads.finish(id)));
    expect(done.map((one) => one?.sha256)).to.deep.equal([1, 2, 3].map(() => sha256(bytes)));
    expect(await readdir(join(dir, "incoming"))).to.deep.equal([]);
  });

  it("does not count what was written and not committed", async () => {
    const { id } = create();
    const hold = await store.uploads.hold(id, [0, MB]);
    await hold.write([bytesOf(MB, 77)]);
    hold.release();
    expect(store.uploads.ranges(id)).to.deep.equal([]);
    await write(store, id, 0, bytes);
    expect((await store.uploads.finish(id))?.sha256).to.equal(sha256(bytes));
  });

  it("lets one request at a time write to a place", async () => {
    const { id } = create();
    const first = await store.uploads.hold(id, [0, MB]);
    const order: string[] = [];
    const second = store.uploads.hold(id, [MB - 1, MB + 1]).then((hold) => {
      order.push("second");
      return hold;
    });
    const apart = await store.uploads.hold(id, [2 * MB, 2 * MB + 1]);
    order.push("apart");
    apart.release();
    order.push("first released");
    first.release();
    (await second).release();
    expect(order).to.deep.equal(["apart", "first released", "second"]);
  });

  it("keeps a content once, and drops it with the last file that has it", async () => {
    await publish("a.bin", bytes);
    await publish("b.bin", bytes);
    expect(store.usage()).to.include({ files: 2, stored: bytes.length });
    await store.files.remove({ dir: "", name: "a.bin" });
    expect(store.usage()).to.include({ files: 1, stored: bytes.length });
    await (await store.open(sha256(bytes))).close();
    await store.files.remove({ dir: "", name: "b.bin" });
    const error = await store.open(sha256(bytes)).catch((thrown: unknown) => thrown);
    expect(error).to.include({ code: "ENOENT" });
  });

  it("gives no name to a content that is gone at that moment, and heals it with the next try", async () => {
    await publish("a.bin", bytes);
    const blob = join(dir, "blobs", sha256(bytes).slice(0, 2), sha256(bytes));
    const { id } = create("b.bin");
    await write(store, id, 0, bytes);
    // Found by link, and taken before the row: here by a link that leads nowhere.
    await unlink(blob);
    await symlink(join(dir, "nowhere"), blob);
    const error = await store.uploads.finish(id).catch((thrown: unknown) => thrown);
    expect(error).to.be.instanceOf(StoreError);
    expect(store.files.find({ dir: "", name: "b.bin" })).to.be.undefined;
    await unlink(blob);
    expect((await store.uploads.finish(id))?.sha256).to.equal(sha256(bytes));
    await (await store.open(sha256(bytes))).close();
  });

  it("moves files and directories, and takes no name twice", async () => {
    const { files } = store;
    files.makeDirectory("a/b");
    await publish("x", bytes.subarray(0, 10));
    await publish("y", bytes.subarray(0, 20));
    files.move({ dir: "", name: "x" }, { dir: "a/b", name: "X" });
    expect(() => files.move({ dir: "", name: "y" }, { dir: "a/b", name: "X" })).to.throw(NameTakenError);
    expect(() => files.makeDirectory("a/b/X")).to.throw(NameTakenError);
    expect(() => create("a")).to.throw(NameTakenError);
    files.moveDirectory("a", "c");
    expect(files.list("c/b").files.map(({ name }) => name)).to.deep.equal(["X"]);
    expect(() => files.moveDirectory("c", "c/d")).to.throw(NameTakenError);
    expect(() => files.removeDirectory("c/b")).to.throw("not empty");
    // Names are rows: they differ by case, whatever the file system thinks.
    await publish("Y", bytes.subarray(0, 30));
    expect(files.list("").files.map(({ name, size }) => [name, size])).to.deep.equal([
      ["Y", 30],
      ["y", 20],
    ]);
  });

  it("follows no symbolic link in incoming/", async () => {
    const { id } = create();
    await writeFile(join(dir, "outside"), "untouched");
    await symlink(join(dir, "outside"), join(dir, "incoming", id));
    const error = await write(store, id, 0, bytes).catch((thrown: unknown) => thrown);
    expect(error).to.include({ code: "ELOOP" });
  });

  it("admits no more than the quota, however many ask at once", async () => {
    await store.close();
    await reopen({ quota: 8 * MB, maxSize: 4 * MB });
    expect(() => create("big", { size: 4 * MB + 1 })).to.throw(TooLargeError);
    const made = ["1", "2", "3", "4"].map((name) => {
      try {
        return create(name);
      } catch (error) {
        return error;
      }
    });
    expect(made.filter((one) => one instanceof StoreFullError).length).to.equal(2);
  });

  it("refuses for good what can never fit: more than the disk, or the quota, has", async () => {
    expect(() => create("disk", { size: 2 ** 52 })).to.throw(TooLargeError);
    await store.close();
    await reopen({ quota: 2 * MB });
    expect(() => create("quota", { size: 2 * MB + 1 })).to.throw(TooLargeError);
    expect(create("fits", { size: 2 * MB }).state).to.equal("active");
  });

  it("keeps the reserve free", async () => {
    await store.close();
    await reopen({ reserve: Number.MAX_SAFE_INTEGER / 2 });
    expect(() => create()).to.throw(StoreFullError);
  });

  it("expires what idles, never what is written to or finished", async () => {
    await publish("done.bin", bytes);
    const [idle, busy] = [create("idle"), create("busy")];
    await write(store, idle.id, 0, bytes.subarray(0, 10));
    const hold = await store.uploads.hold(busy.id, [0, 10]);
    now += 24 * 3600 * 1000 + 1;
    expect(await store.expire()).to.deep.equal([idle.id]);
    hold.release();
    expect(() => store.uploads.get(idle.id)).to.throw(GoneError);
    expect(await readdir(join(dir, "incoming"))).to.deep.equal([]);
    expect(store.files.find({ dir: "", name: "done.bin" })?.size).to.equal(bytes.length);
  });

  it("expires no part of a concatenation that is still to be made, and all of one that idles", async () => {
    const half = (name: string) =>
      create(name, {
        via: "tus",
        size: 10,
        tus: { kind: "partial", metadata: undefined, concat: "partial", parts: [] },
      });
    const [first, second] = [half("first"), half("second")];
    const parts = [first.id, second.id];
    const final = create("final", {
      via: "tus",
      size: 20,
      tus: { kind: "final", metadata: undefined, concat: "", parts },
    });
    const hour = 3_600_000;
    await write(store, first.id, 0, bytes.subarray(0, 10));
    await store.uploads.finish(first.id);
    now += 20 * hour;
    await write(store, second.id, 0, bytes.subarray(0, 5));
    now += 20 * hour;
    expect(await store.expire()).to.deep.equal([]);
    const pruned = await pruneStore({ dir, olderMs: 24 * hour, now: () => now });
    expect(pruned.uploads).to.deep.equal([]);
    now += 5 * hour;
    expect(await store.expire()).to.deep.equal([final.id]);
    expect(await store.expire()).to.deep.equal([second.id]);
    expect(await readdir(join(dir, "incoming"))).to.deep.equal([]);
  });

  it("expires nothing that went on while it expired others", async () => {
    const made = ["a", "b"].map((name) => create(name));
    for (const { id } of made) await write(store, id, 0, bytes.subarray(0, 10));
    now += 24 * 3600 * 1000 + 1;
    const expiring = store.expire();
    const [first, second] = made.map(({ id }) => id);
    const hold = await store.uploads.hold(second ?? "", [10, 20]);
    expect(await expiring).to.deep.equal([first]);
    hold.release();
  });

  it("checks the bytes of unfinished uploads after an unclean end", async () => {
    const [damaged, lost, short] = [create("damaged"), create("lost"), create("short")];
    for (const { id } of [damaged, lost, short]) {
      await write(store, id, 0, bytes.subarray(0, MB));
      await write(store, id, 2 * MB, bytes.subarray(2 * MB));
    }
    const done = await publish("done.bin", bytesOf(1000, 5));
    await store.close();
    const file = await open(join(dir, "incoming", damaged.id), "r+");
    await file.write(Buffer.from([bytes[500] === 0 ? 1 : 0]), 0, 1, 500);
    await file.close();
    await unlink(join(dir, "incoming", lost.id));
    // As it is between the link and the row.
    await chmod(join(dir, "incoming", short.id), 0o400);
    await truncate(join(dir, "incoming", short.id), 2 * MB + 5);
    await writeFile(join(dir, "incoming", "f".repeat(32)), "a stray");
    await mkdir(join(dir, "blobs", "00"), { recursive: true });
    await writeFile(join(dir, "blobs", "00", "0".repeat(64)), "an orphan");
    markUnclean(dir);
    await reopen();
    expect(store.repair).to.deep.equal({ droppedRanges: 4, removedIncoming: 1, removedBlobs: 1 });
    expect(store.uploads.ranges(damaged.id)).to.deep.equal([[2 * MB, 3 * MB]]);
    expect(store.uploads.ranges(lost.id)).to.deep.equal([]);
    expect(store.uploads.ranges(short.id)).to.deep.equal([[0, MB]]);
    expect((await stat(join(dir, "incoming", short.id))).mode & 0o777).to.equal(0o600);
    expect(store.files.find({ dir: "", name: "done.bin" })?.sha256).to.equal(done?.sha256);
    await write(store, damaged.id, 0, bytes.subarray(0, 2 * MB));
    expect((await store.uploads.finish(damaged.id))?.sha256).to.equal(sha256(bytes));
  });

  it("publishes at the start what a crash left whole", async () => {
    const { id } = create();
    await write(store, id, 0, bytes);
    await store.close();
    markUnclean(dir);
    await reopen();
    expect((await store.uploads.finish(id))?.sha256).to.equal(sha256(bytes));
  });

  it("prunes idle uploads and strays from both sides, first dry; a damaged content goes to quarantine", async () => {
    const { id } = create("idle");
    await write(store, id, 0, bytes.subarray(0, 10));
    await publish("good", bytes.subarray(0, 100));
    await publish("bad", bytes.subarray(0, 200));
    await publish("lost", bytes.subarray(0, 300));
    const refused = await pruneStore({ dir, olderMs: 0 }).catch((thrown: unknown) => thrown);
    expect(refused).to.be.instanceOf(StoreError);
    await store.close();
    const [bad, lost] = [sha256(bytes.subarray(0, 200)), sha256(bytes.subarray(0, 300))];
    const blob = (hash: string) => join(dir, "blobs", hash.slice(0, 2), hash);
    await rm(blob(bad));
    await writeFile(blob(bad), "other bytes");
    await rm(blob(lost));
    await writeFile(join(dir, "incoming", "stray"), "12345");
    await writeFile(blob(bad).replace(bad, "e".repeat(64)), "123");
    const later = () => Date.now() + 1000;
    const wanted = {
      strayIncoming: ["stray"],
      strayBlobs: ["e".repeat(64)],
      missing: [lost],
      damaged: [bad],
      freedBytes: 18,
    };
    const dry = await pruneStore({ dir, olderMs: 0, verify: true, dryRun: true, now: later });
    const real = await pruneStore({ dir, olderMs: 0, verify: true, now: later });
    for (const pruned of [dry, real]) {
      expect(pruned).to.deep.include(wanted);
      expect(pruned.uploads).to.deep.equal([{ id, name: "idle", received: 10 }]);
    }
    expect(await readdir(join(dir, "incoming"))).to.deep.equal([]);
    expect(await readdir(join(dir, "quarantine"))).to.deep.equal([bad]);
    await reopen();
    expect(store.files.list("").files.map(({ name }) => name)).to.deep.equal(["bad", "good", "lost"]);
  });

  it("prunes nothing young beside a running server", async () => {
    const { id } = create("young");
    const pruned = await pruneStore({ dir, olderMs: 3_600_000 });
    expect(pruned.uploads).to.deep.equal([]);
    expect(store.uploads.get(id).state).to.equal("active");
  });
});

describe("upload: a full disk", () => {
  let mount: string;
  before(async function () {
    mount = await mkdtemp(join(tmpdir(), "upload-full-"));
    try {
      execFileSync("/usr/bin/mount", ["-t", "tmpfs", "-o", "size=16m", "tmpfs", mount], { stdio: "pipe" });
    } catch (error) {
      await rm(mount, { recursive: true });
      if (process.env["CI"] === "true" && process.getuid?.() === 0) throw error;
      this.skip();
    }
  });
  after(async () => {
    execFileSync("/usr/bin/umount", ["-l", mount]);
    await rm(mount, { recursive: true });
  });

  /** Takes all space but `left` bytes. */
  const fill = async (left: number) => {
    const file = await open(join(mount, "filler"), "a");
    const block = Buffer.alloc(64 * 1024);
    try {
      for (;;) await file.write(block);
    } catch (error) {
      expect(error).to.include({ code: "ENOSPC" });
      await file.truncate(Math.max(0, (await file.stat()).size - left));
    } finally {
      await file.close();
    }
  };

  it("removes uploads and files, ends, starts and prunes, although there is no space left", async () => {
    const dir = join(mount, "removing");
    const server = await serveStore({ dir });
    const put = async (name: string, content: Buffer) => {
      const { id } = server.store.uploads.create({ via: "raw", dir: "", name, size: content.length });
      await write(server.store, id, 0, content);
      return id;
    };
    for (const name of ["a", "b"]) await server.store.uploads.finish(await put(name, bytesOf(MB, name.charCodeAt(0))));
    const unfinished = await put("c", bytesOf(MB));
    await fill(0);
    expect((await fetch(`${server.url}/u/${unfinished}`, { method: "DELETE" })).status).to.equal(204);
    await fill(0);
    await server.store.files.remove({ dir: "", name: "a" });
    await fill(0);
    const again = await server.restart();
    await fill(0);
    expect(again.store.files.list("").files.map(({ name }) => name)).to.deep.equal(["b"]);
    await again.stop();
    await fill(0);
    const pruned = await pruneStore({ dir, olderMs: 0 });
    expect(pruned.missing).to.deep.equal([]);
    await rm(dir, { recursive: true });
    await unlink(join(mount, "filler"));
  });

  it("answers 507, records nothing, and completes the same uploads when there is space again", async () => {
    const server = await serveStore({ dir: join(mount, "store") });
    try {
      const bytes = bytesOf(6 * MB);
      const begin = (name: string, size: number) =>
        fetch(`${server.url}/u`, { method: "POST", body: JSON.stringify({ name, size, sha256: sha256(bytes) }) });
      const put = async (id: string, start: number, body: Buffer<ArrayBuffer> | ReadableStream) => {
        const response = await fetch(`${server.url}/u/${id}?offset=${String(start)}`, {
          method: "PUT",
          body,
          duplex: "half",
        });
        return { status: response.status, answer: (await response.json()) as UploadAnswer };
      };
      /** Without a length, so that nobody knows before the disk does. */
      const stream = (data: Buffer) => new Blob([new Uint8Array(data)]).stream();
      const { id } = (await (await begin("a.bin", bytes.length)).json()) as UploadAnswer;
      expect((await begin("b.bin", 12 * MB)).status).to.equal(507);
      await put(id, 0, bytes.subarray(0, 2 * MB));
      const chunk = { name: "dz.bin", uuid: "dz", bytes: bytesOf(3 * MB, 4), size: 3 * MB, index: 0 };

      await fill(MB);
      const refused = await begin("c.bin", 2 * MB);
      expect([refused.status, refused.headers.get("retry-after")]).to.deep.equal([507, "60"]);
      expect((await put(id, 2 * MB, bytes.subarray(2 * MB))).status).to.equal(507);
      const full = await put(id, 2 * MB, stream(bytes.subarray(2 * MB)));
      expect(full.status).to.equal(507);
      expect((await postChunk(server.url, chunk)).status).to.equal(507);
      const { have } = (await (await fetch(`${server.url}/u/${id}/ranges`)).json()) as UploadAnswer;
      expect(have.length).to.equal(1);
      expect(have[0]?.[1]).to.be.within(2 * MB, 3.1 * MB);
      expect((await download(server.url, "a.bin")).status).to.equal(404);

      await unlink(join(mount, "filler"));
      const done = await put(id, 2 * MB, stream(bytes.subarray(2 * MB)));
      expect(done.answer).to.include({ state: "done", sha256: sha256(bytes) });
      expect((await postChunk(server.url, chunk)).text).to.contain(sha256(chunk.bytes));
    } finally {
      await server.close();
    }
  });
});
