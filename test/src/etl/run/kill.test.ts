import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";

import { expect } from "chai";

import { startFront, type Front } from "../../../helpers/etl/front.ts";
import {
  canonicalCsv,
  coin,
  startTransferChain,
  transfersInput,
  type TransferChain,
} from "../../../helpers/etl/transfers.ts";
import { serveStore, type TestServer } from "../../../helpers/upload/server.ts";

const program = fileURLToPath(new URL("../../../fixtures/etl/transfers-run.ts", import.meta.url));
const kills = process.env["SOAK"] === "1" ? 100 : 20;

describe("kill -9 and re-run", function () {
  this.timeout(600_000);
  let chain: TransferChain;
  let server: TestServer;
  let rpc: Front;
  let drop: Front;
  let cache: string;
  let head: number;
  let expected: string;
  /** Counts requests to both servers; the process is killed at the one with this number, before or after it worked. */
  let seen = 0;
  let killAt: { readonly request: number; readonly after: boolean } | undefined;
  let victim: number | undefined;
  let posted: string[] = [];

  const strike = (after: boolean) => {
    if (!after) seen += 1;
    if (killAt === undefined || seen < killAt.request || killAt.after !== after || victim === undefined) return;
    process.kill(victim, "SIGKILL");
    victim = undefined;
    // Killed before the server saw it: the request is lost with its sender.
    if (!after) throw new Error("killed");
  };

  before(async () => {
    cache = await mkdtemp(join(tmpdir(), "kill-cache-"));
    chain = await startTransferChain();
    for (let block = 0; block < 24; block += 1) await chain.emit(5);
    head = await chain.head();
    expected = await canonicalCsv(chain, 0, head);
    server = await serveStore();
    rpc = await startFront(
      chain.url,
      ({ body }) => {
        strike(false);
        return refuseWide(body.toString());
      },
      () => strike(true),
    );
    drop = await startFront(
      server.url,
      () => strike(false),
      ({ method, body }) => {
        if (method === "PUT") posted.push(body.toString());
        strike(true);
      },
    );
  });
  after(async () => {
    await rpc.close();
    await drop.close();
    await chain.stop();
    await server.close();
    await rm(cache, { recursive: true, force: true });
  });

  async function run(folder: string, input: string) {
    const child = spawn(process.execPath, [program, folder, input], {
      // Forty processes start here: the compiled modules of the first serve the others.
      env: { RPC_URL: rpc.url, LOAD_URL: `${drop.url}/drop`, NODE_COMPILE_CACHE: cache },
      stdio: ["ignore", "pipe", "inherit"],
    });
    victim = child.pid;
    const [output] = await Promise.all([text(child.stdout), once(child, "close")]);
    return { output, signal: child.signalCode };
  }

  it(`gives byte-identical output and uploads once, killed at ${String(kills)} points`, async () => {
    const folders: string[] = [];
    const fresh = async () => {
      const folder = await mkdtemp(join(tmpdir(), "kill-"));
      folders.push(folder);
      return folder;
    };
    const input = (at: number) => JSON.stringify({ ...(transfersInput(head) as object), address: coin, at });
    seen = 0;
    const whole = await run(await fresh(), input(0));
    const requests = seen;
    expect(JSON.parse(whole.output)).to.have.property("status", "SUCCEEDED");
    await removeUpload(JSON.parse(whole.output).output.url);
    let killed = 0;
    for (let kill = 0; kill < kills; kill += 1) {
      const folder = await fresh();
      seen = 0;
      posted = [];
      // All along the run, before and after the servers did what they were asked.
      killAt = { request: 1 + Math.floor((kill * requests) / kills), after: kill % 2 === 1 };
      const first = await run(folder, input(kill));
      if (first.signal === "SIGKILL") killed += 1;
      killAt = undefined;
      // The handlers of a killed runner end by themselves; what they still ask for must not be counted as the next run's.
      await Promise.all([rpc.deserted(), drop.deserted()]);
      const last = first.signal === null ? first : await run(folder, input(kill));
      const result = JSON.parse(last.output);
      expect(result, `killed at request ${String(kill)}`).to.have.property("status", "SUCCEEDED");
      // A connection that is kept would be one of those that the next round waits for.
      const file = await fetch(result.output.url, { headers: { connection: "close" } });
      expect(await file.text()).to.equal(expected);
      expect(
        posted.filter((body) => body !== ""),
        "uploads",
      ).to.have.length(1);
      expect(server.store.files.list("").files, "published files").to.have.length(1);
      expect(await readdir(join(folder, "data", "output"))).to.have.length(1);
      await removeUpload(result.output.url);
    }
    expect(killed).to.equal(kills);
    await Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true })));
  });

  /** So that the next run has something to upload. */
  async function removeUpload(url: string): Promise<void> {
    await server.store.files.remove({ dir: "", name: new URL(url).pathname.slice("/f/".length) });
  }
});

/** An endpoint that takes two blocks at once and does not say so: many ranges, and refusals. */
function refuseWide(body: string): unknown {
  const { id, method, params } = JSON.parse(body);
  if (method !== "eth_getLogs") return undefined;
  const [{ fromBlock, toBlock }] = params;
  if (Number(toBlock) - Number(fromBlock) < 2) return undefined;
  return { jsonrpc: "2.0", id, error: { code: -32600, message: "block range too high" } };
}
