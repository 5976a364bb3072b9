import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { crc32 } from "node:zlib";

import { expect } from "chai";

import { StoreError } from "../../../src/upload/failures.ts";
import { startHasher, type Hasher } from "../../../src/upload/hashing.ts";
import { bytesOf, sha256 } from "../../helpers/upload/server.ts";

describe("upload: the hash worker", () => {
  let dir: string;
  let hasher: Hasher;
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), "upload-hash-"));
    hasher = startHasher();
  });
  after(async () => {
    await hasher.close();
    await rm(dir, { recursive: true });
  });
  const bytes = bytesOf(9_000_001);
  const file = async (name: string, content: Buffer) => {
    const path = join(dir, name);
    await writeFile(path, content);
    return path;
  };

  it("hashes behind the frontier, many files at once, and small and empty ones", async () => {
    const sizes = [0, 1, 5_000_000, 9_000_001];
    const digests = sizes.map(async (size) => {
      const [id, path] = [String(size), await file(String(size), bytes.subarray(0, size))];
      for (const end of [size / 2, size / 3, size]) hasher.advance(id, path, Math.floor(end));
      return hasher.digest(id, path, size);
    });
    expect(await Promise.all(digests)).to.deep.equal(sizes.map((size) => sha256(bytes.subarray(0, size))));
  });

  it("assembles parts, and the same again", async () => {
    const parts = [
      { path: await file("part-1", bytes.subarray(0, 3_000_000)), size: 3_000_000 },
      { path: await file("part-2", bytes.subarray(3_000_000)), size: 6_000_001 },
    ];
    const target = await file("joined", bytesOf(1_000_000, 3));
    for (const id of ["once", "twice"])
      expect(await hasher.assemble(id, target, parts)).to.deep.equal({
        sha256: sha256(bytes),
        crc: crc32(bytes),
        size: bytes.length,
      });
    expect((await readFile(target)).equals(bytes)).to.be.true;
  });

  it("finds the pieces that are damaged or not there", async () => {
    const path = await file("pieces", bytes.subarray(0, 1000));
    const pieces = [
      { start: 0, end: 500, crc: crc32(bytes.subarray(0, 500)) },
      { start: 500, end: 1000, crc: 1 },
      { start: 900, end: 1100, crc: crc32(bytes.subarray(900, 1100)) },
    ];
    expect(await hasher.check("pieces", path, pieces)).to.deep.equal([1, 2]);
  });

  it("begins anew after it died, and answers whoever asks again", async () => {
    const entry = await file(
      "mortal.mjs",
      Buffer.from(`
        import { parentPort } from "node:worker_threads";
        parentPort.on("message", ({ id }) => id === "deadly" && process.exit(1));
        await import("${new URL("../../../src/upload/hash-worker.ts", import.meta.url).href}");
      `),
    );
    const mortal = startHasher(pathToFileURL(entry));
    try {
      const path = await file("survivor", bytes);
      const fatal = mortal.digest("deadly", path, bytes.length).catch((error: unknown) => error);
      expect(await fatal).to.be.instanceOf(StoreError);
      expect(await mortal.digest("survivor", path, bytes.length)).to.equal(sha256(bytes));
    } finally {
      await mortal.close();
    }
  });

  it("refuses what it cannot read, and everything once it has ended", async () => {
    const failed = async (work: Promise<unknown>) => work.catch((error: unknown) => error);
    expect(await failed(hasher.digest("none", join(dir, "none"), 1))).to.be.instanceOf(StoreError);
    const path = await file("short", bytes.subarray(0, 10));
    expect(await failed(hasher.digest("short", path, 11))).to.be.instanceOf(StoreError);
    expect(await hasher.digest("short", path, 10)).to.equal(sha256(bytes.subarray(0, 10)));
    const other = startHasher();
    await other.close();
    expect(await failed(other.digest("late", path, 10))).to.be.instanceOf(StoreError);
  });
});
