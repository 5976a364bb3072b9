import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

import { expect } from "chai";

import { createContext } from "../../../../src/etl/context.ts";
import type { HandlerContext } from "../../../../src/etl/handler.ts";
import { handler as extract } from "../../../../src/etl/transfers/extract.ts";
import { lengthOf, type Range } from "../../../../src/etl/transfers/refusal.ts";

const most = 70;
const hash = `0x${"a".repeat(64)}`;
const contractOf = (digit: string) => `0x${digit.repeat(40)}`;

type Call = { readonly id: number; readonly params: [{ readonly fromBlock: string; readonly toBlock: string }] };

describe("extract", () => {
  let folder: string;
  let asked: Range[];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "extract-"));
    asked = [];
  });
  afterEach(async () => rm(folder, { recursive: true }));

  /** An endpoint without logs, which takes ranges of so many blocks. */
  const answer = (async (_url, init) => {
    const { id, params } = JSON.parse(init?.body as string) as Call;
    const range = { from: Number(params[0].fromBlock), to: Number(params[0].toBlock) };
    asked.push(range);
    const told =
      lengthOf(range) > most ? { error: { code: -32_600, message: "block range is too wide" } } : { result: [] };
    return Response.json({ jsonrpc: "2.0", id, ...told });
  }) as typeof fetch;

  const read = async (address: string, piece: Range) => {
    const env = { RPC_URL: "http://127.0.0.1:1/", DATA_URL: pathToFileURL(`${folder}/`).href };
    const context: HandlerContext = { ...createContext(env, () => undefined), fetch: answer };
    const job = {
      chainId: 1,
      address,
      from: 0,
      to: 9_999,
      confirmations: 0,
      format: "csv",
      rungs: [{ number: 9_999, hash }],
    };
    return extract({ job, piece }, context);
  };

  const tooLong = () => asked.filter((range) => lengthOf(range) > most);

  it("begins with what the runs of other contracts learned of the endpoint at the same time", async () => {
    await Promise.all(["1", "2"].map(async (digit) => read(contractOf(digit), { from: 0, to: 999 })));
    expect(tooLong(), "something was refused").not.to.deep.equal([]);
    asked = [];
    for (const digit of ["1", "2", "3"]) await read(contractOf(digit), { from: 1_000, to: 1_999 });
    expect(tooLong()).to.deep.equal([]);
    const lessons = await readdir(join(folder, "limits"), { recursive: true });
    expect(lessons.filter((name) => name.endsWith(".json"))).to.have.length(3);
  });
});
