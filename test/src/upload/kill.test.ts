import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";

import { pruneStore } from "../../../src/upload/prune.ts";
import { spawnServer, type ServerChild } from "../../helpers/upload/child.ts";
import { bytesOf, download, postChunk, sha256 } from "../../helpers/upload/server.ts";

const rounds = process.env["SOAK"] === "1" ? 200 : 8;
const size = 256 * 1024;
const connections = 4;
const repeats = 0.15;

describe("upload: kill -9", () => {
  it(`loses and shows nothing in ${String(rounds)} kills under 4 shuffled connections with 15 % repeats`, async function () {
    this.timeout(rounds * 10_000);
    const random = createRandom(Number(process.env["SEED"] ?? Date.now() % 1_000_000));
    const dir = await mkdtemp(join(tmpdir(), "upload-kill-"));
    let server: ServerChild | undefined;
    const hashes: string[] = [];
    try {
      for (let round = 0; round < rounds; round += 1) {
        const bytes = bytesOf(size * 12 + Math.floor(random() * size * 12), round + 1);
        const file = { name: `${String(round)}.bin`, uuid: `uuid-${String(round)}`, bytes, size };
        server ??= await spawnServer(dir);
        // Somewhere between the first byte and a while after the last answer: sent, synced, hashed, linked.
        const all = Math.ceil(bytes.length / size);
        const point = Math.floor(random() * (all + 4));
        await sendAll(server, file, { random, killAfter: { answers: point, delayMs: random() * 12 } });
        await server.kill();
        server = await spawnServer(dir);
        const { status, bytes: seen } = await download(server.url, file.name);
        if (status === 200)
          expect(sha256(seen), `seed ${String(random.seed)} round ${String(round)}`).to.equal(sha256(bytes));
        else expect(status).to.equal(404);
        await sendAll(server, file, { random });
        const whole = await download(server.url, file.name);
        expect(sha256(whole.bytes), `seed ${String(random.seed)} round ${String(round)}`).to.equal(sha256(bytes));
        hashes.push(sha256(bytes));
      }
      await server?.kill();
      server = undefined;
      const pruned = await pruneStore({ dir, olderMs: 0, verify: true });
      expect([pruned.missing, pruned.damaged]).to.deep.equal([[], []]);
      expect(await readdir(join(dir, "incoming"))).to.deep.equal([]);
      const blobs = await readdir(join(dir, "blobs"), { recursive: true });
      expect(blobs.filter((name) => name.length > 2).map((name) => name.slice(3))).to.have.members(hashes);
    } finally {
      await server?.kill();
      await rm(dir, { recursive: true, force: true });
    }
  });
});

type File = {
  readonly name: string;
  readonly uuid: string;
  readonly bytes: Buffer<ArrayBuffer>;
  readonly size: number;
};

/** Sends all chunks in a random order, some of them twice, until each was answered with 200 or the server is dead. */
async function sendAll(
  server: ServerChild,
  file: File,
  { random, killAfter }: { random: () => number; killAfter?: { answers: number; delayMs: number } },
): Promise<void> {
  const chunks = Array.from({ length: Math.ceil(file.bytes.length / file.size) }, (_, index) => index);
  const queue = shuffle([...chunks, ...chunks.filter(() => random() < repeats)], random);
  let answers = 0;
  let dead: Promise<void> | undefined;
  const killSoon = () => {
    if (killAfter === undefined || answers < killAfter.answers) return;
    dead ??= new Promise((resolve) => setTimeout(resolve, killAfter.delayMs)).then(() => server.kill());
  };
  const work = async () => {
    for (let index = queue.pop(); index !== undefined; index = queue.pop()) {
      killSoon();
      const answer = await postChunk(server.url, { ...file, index }).catch((error: unknown) => {
        if (killAfter === undefined) throw error;
        return undefined;
      });
      if (answer === undefined) return;
      expect([200, answer.text.slice(0, 23)], file.name).to.deep.equal([answer.status, "Chunk upload successful"]);
      answers += 1;
    }
  };
  await Promise.all(Array.from({ length: connections }, work));
  killSoon();
  await dead;
}

function shuffle<Item>(items: readonly Item[], random: () => number): Item[] {
  return items
    .map((item) => [random(), item] as const)
    .toSorted(([one], [other]) => one - other)
    .map(([, item]) => item);
}

/** The same numbers for the same seed, so that a failure can be seen again. */
function createRandom(seed: number): (() => number) & { readonly seed: number } {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return Object.assign(next, { seed });
}
