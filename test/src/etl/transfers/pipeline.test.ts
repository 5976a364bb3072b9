import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

import { expect } from "chai";
import { parquetReadObjects } from "hyparquet";

import type { ExecutionResult } from "../../../../src/etl/asl/types.ts";
import {
  canonicalCsv,
  runInProcess,
  startTransferChain,
  transfersInput,
  type TransferChain,
} from "../../../helpers/etl/transfers.ts";
import { serveStore, type TestServer } from "../../../helpers/upload/server.ts";

const soak = process.env["SOAK"] === "1";

describe("transfers", () => {
  let chain: TransferChain;
  let server: TestServer;
  let folder: string;
  let env: Record<string, string>;

  before(async () => {
    chain = await startTransferChain();
    server = await serveStore();
  });
  after(async () => {
    await chain.stop();
    await server.close();
  });
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "transfers-"));
    env = { RPC_URL: chain.url, LOAD_URL: `${server.url}/drop`, DATA_URL: pathToFileURL(`${folder}/`).href };
    for (let block = 0; block < 5; block += 1) await chain.emit(7);
  });
  afterEach(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  async function download(result: ExecutionResult): Promise<Buffer> {
    if (result.status !== "SUCCEEDED") throw new Error(`${result.error ?? ""}: ${result.cause ?? ""}`);
    const { url } = result.output as { url: string };
    const response = await fetch(url);
    return Buffer.from(await response.arrayBuffer());
  }

  it("reads, assembles and uploads what the chain has", async () => {
    const head = await chain.head();
    const result = await runInProcess("transfers", transfersInput(head), { env });
    expect((await download(result)).toString()).to.equal(await canonicalCsv(chain, 0, head));
    expect(result).to.have.nested.property("output.rows", 35);
  });

  it("writes the same rows as JSONL and Parquet", async () => {
    const head = await chain.head();
    const csv = (await canonicalCsv(chain, 0, head)).trimEnd().split("\r\n").slice(1);
    const lines = await download(await runInProcess("transfers", transfersInput(head, "jsonl"), { env }));
    const objects = lines
      .toString()
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(objects.map((row) => Object.values(row).join(","))).to.deep.equal(csv);
    const bytes = await download(await runInProcess("transfers", transfersInput(head, "parquet"), { env }));
    const file = new Uint8Array(bytes).buffer;
    const rows = await parquetReadObjects({ file });
    expect(rows.map((row) => Object.values(row).join(","))).to.deep.equal(csv);
  });

  it("asks only for what is new the second time", async () => {
    await runInProcess("transfers", transfersInput(await chain.head()), { env });
    await chain.emit(3);
    const asked: string[] = [];
    const counting: typeof fetch = async (url, init) => {
      const body = typeof init?.body === "string" ? init.body : "";
      if (body.includes("eth_getLogs")) asked.push(body);
      return fetch(url, init);
    };
    const head = await chain.head();
    const result = await runInProcess("transfers", transfersInput(head), { env, fetch: counting });
    expect((await download(result)).toString()).to.equal(await canonicalCsv(chain, 0, head));
    expect(asked).to.have.length(1);
    expect(asked[0]).to.contain(`"fromBlock":"0x${head.toString(16)}"`);
  });

  const depths = soak ? Array.from({ length: 64 }, (_, at) => at + 1) : [1, 2, 3, 7, 16, 33, 64];
  for (const depth of depths)
    it(`re-reads what a reorganisation of depth ${String(depth)} replaced`, async () => {
      while ((await chain.head()) < 70) await chain.emit(1);
      const before = await chain.head();
      await runInProcess("transfers", transfersInput(before), { env });
      await chain.reorganise(depth, (depth % 5) + 2);
      const head = await chain.head();
      const asked: number[] = [];
      const noting: typeof fetch = async (url, init) => {
        const [, from] = /"fromBlock":"(0x[0-9a-f]+)"/u.exec(typeof init?.body === "string" ? init.body : "") ?? [];
        if (from !== undefined) asked.push(Number(from));
        return fetch(url, init);
      };
      const result = await runInProcess("transfers", transfersInput(head), { env, fetch: noting });
      const parts = await readdir(join(folder, "transfers", (await readdir(join(folder, "transfers")))[0] ?? ""));
      const kept = parts.map((name) => name.split("-").map(Number)).filter(([from]) => !asked.includes(from ?? -1));
      for (const [, to] of kept) expect(to, "kept parts are below the fork").to.be.at.most(before - depth);
      expect((await download(result)).toString()).to.equal(await canonicalCsv(chain, 0, head));
    });

  for (const at of [1, 2])
    it(`notices a reorganisation during the reading (before call ${String(at)} for logs)`, async () => {
      while ((await chain.head()) < 20) await chain.emit(1);
      const head = await chain.head();
      let calls = 0;
      const meddling: typeof fetch = async (url, init) => {
        if (typeof init?.body === "string" && init.body.includes("eth_getLogs") && (calls += 1) === at)
          await chain.reorganise(9, 4);
        return fetch(url, init);
      };
      const result = await runInProcess("transfers", transfersInput(head), { env, fetch: meddling });
      expect(calls).to.be.greaterThan(at);
      expect((await download(result)).toString()).to.equal(await canonicalCsv(chain, 0, head));
    });

  it("stays behind the head by the number of confirmations", async () => {
    const head = await chain.head();
    const input = { address: "0x00000000000000000000000000000000c0ffee00", fromBlock: 0, confirmations: 3 };
    const result = await runInProcess("transfers", input, { env });
    expect((await download(result)).toString()).to.equal(await canonicalCsv(chain, 0, head - 3));
  });

  it("says at once that there is nothing to read yet", async () => {
    const input = { ...(transfersInput(1) as object), toBlock: undefined, confirmations: 1_000_000 };
    const result = await runInProcess("transfers", JSON.parse(JSON.stringify(input)), { env });
    expect(result).to.include({ status: "FAILED", error: "NothingYetError" });
  });

  it("refuses another chain than the record's", async () => {
    const result = await runInProcess("transfers", { ...(transfersInput(1) as object), chainId: 1 }, { env });
    expect(result).to.deep.include({ status: "FAILED", error: "WrongChainError" });
  });

  it("uploads equal bytes once", async () => {
    const head = await chain.head();
    await runInProcess("transfers", transfersInput(head), { env });
    const files = await readdir(join(folder, "output"));
    const uploads = () => server.store.files.list("").files.map(({ name, sha256 }) => [name, sha256]);
    const once = uploads();
    await runInProcess("transfers", transfersInput(head), { env });
    expect(uploads()).to.deep.equal(once);
    expect(once.map(([name]) => name)).to.include(files[0]);
    expect(files).to.have.length(1);
    expect((await readFile(join(folder, "output", files[0] ?? ""))).length).to.be.greaterThan(0);
  });
});
