import { execFile, execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { pathToFileURL } from "node:url";
import type { AddressInfo } from "node:net";
import { promisify } from "node:util";

import { expect } from "chai";
import { unzipSync } from "fflate";

import { bundlePipeline } from "../../../../src/etl/package/bundle.ts";
import { findPipeline } from "../../../../src/etl/pipelines.ts";

const root = new URL("../../../../", import.meta.url);
const run = promisify(execFile);

describe("bundlePipeline", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "bundle-"));
  });
  afterEach(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  it("gives the same bytes in another time zone, another process and another working directory", async () => {
    const program = [
      `const { bundlePipeline } = await import(${JSON.stringify(new URL("src/etl/package/bundle.ts", root).href)});`,
      `const { findPipeline } = await import(${JSON.stringify(new URL("src/etl/pipelines.ts", root).href)});`,
      `const bundles = await bundlePipeline(findPipeline("headlines"));`,
      "console.log(bundles.map(({ sha256 }) => sha256).join());",
    ].join("\n");
    const digests = ["UTC", "Pacific/Kiritimati", "America/St_Johns"].map((TZ) =>
      execFileSync(process.execPath, ["--input-type=module", "-e", program], { cwd: folder, env: { TZ } })
        .toString()
        .trim(),
    );
    expect(new Set(digests).size).to.equal(1);
    expect(digests[0]).to.match(/^(?:[0-9a-f]{64},?){4}$/u);
  });

  it("holds no path of this machine", async () => {
    for (const { zip } of await bundlePipeline(findPipeline("transfers"))) {
      const code = new TextDecoder().decode(unzipSync(zip)["index.mjs"]);
      expect(code).not.to.contain(new URL(root).pathname.slice(1, -1));
    }
  });

  it("runs the transform from its zip in a clean process, with the sample", async () => {
    const answer = await invoke(
      "transform",
      await readFile(new URL("src/etl/headlines/sample.json", root), "utf8"),
      {},
    );
    expect(answer).to.have.property("rows", 5);
    expect(answer["text"]).to.match(/^Source,Title,Author,URL\r\n/u);
  });

  it("reads a secret from SSM, decrypted, and says which one is not there", async () => {
    const asked: unknown[] = [];
    const there = { Name: "/metacoin/headlines/NEWSAPI_KEY", Type: "SecureString", Value: "the key" };
    const server = createServer((request, response) => {
      void (async () => {
        if (request.headers["x-amz-target"] !== "AmazonSSM.GetParameters") {
          // News API: what it was asked with, as a title.
          response.end(JSON.stringify({ articles: [{ title: request.headers["x-api-key"] }] }));
          return;
        }
        const question = JSON.parse(await text(request)) as { Names: string[] };
        asked.push(question);
        const [name = ""] = question.Names;
        const found = name === there.Name ? { Parameters: [there] } : { Parameters: [], InvalidParameters: [name] };
        response.setHeader("content-type", "application/x-amz-json-1.1").end(JSON.stringify(found));
      })();
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const url = `http://127.0.0.1:${String(port)}/`;
    const env = (parameter: string) => ({
      NEWSAPI_KEY_PARAMETER: parameter,
      NEWSAPI_URL: url,
      AWS_ENDPOINT_URL_SSM: url,
      AWS_REGION: "eu-central-1",
      AWS_ACCESS_KEY_ID: "AKIDEXAMPLE",
      AWS_SECRET_ACCESS_KEY: "secret",
    });
    try {
      const answer = await invoke("extract", '{"source":"cnn"}', env(there.Name));
      expect(answer).to.deep.equal({ text: '{"articles":[{"title":"the key"}]}' });
      expect(asked).to.deep.equal([{ Names: [there.Name], WithDecryption: true }]);
      const refusal = await invoke("extract", '{"source":"cnn"}', env("/nowhere"));
      expect(refusal).to.have.property("errorMessage", "SSM has no /nowhere");
      // A drop service without a password: its token is in no SSM.
      const { NEWSAPI_KEY_PARAMETER: _, ...region } = env("");
      const variables = { ...region, LOAD_TOKEN_PARAMETER: "/none", LOAD_URL: "no address" };
      const loaded = await invoke("load", '{"text":"Source"}', variables);
      expect(loaded).to.have.property("errorType", "DropRefusedError");
    } finally {
      server.close();
    }
  });

  it("runs the extract from its zip, and its errors keep the names that Retry matches", async () => {
    const server = createServer((_request, response) => response.writeHead(429).end("{}")).listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const env = { NEWSAPI_KEY: "key", NEWSAPI_URL: `http://127.0.0.1:${String(port)}/` };
    try {
      expect(await invoke("extract", '{"source":"cnn"}', env)).to.have.property("errorType", "ThrottledError");
    } finally {
      server.close();
    }
  });

  /** Unpacks a handler's zip into an empty folder and calls it there, with nothing else of this project in reach. */
  async function invoke(handler: string, event: string, env: Record<string, string>): Promise<Record<string, unknown>> {
    const bundles = await bundlePipeline(findPipeline("headlines"));
    const zip = bundles.find((bundle) => bundle.handler === handler)?.zip ?? new Uint8Array();
    const task = join(folder, "task");
    await mkdir(join(task, "node_modules"), { recursive: true });
    // What Lambda's runtime brings.
    const sdk = join(task, "node_modules/@aws-sdk");
    if (!existsSync(sdk)) await symlink(new URL("../..", import.meta.resolve("@aws-sdk/client-ssm")), sdk);
    for (const [name, bytes] of Object.entries(unzipSync(zip))) await writeFile(join(task, name), bytes);
    const program = [
      `const { handler } = await import(${JSON.stringify(pathToFileURL(join(task, "index.mjs")).href)});`,
      `const report = (error) => ({ errorType: error.name, errorMessage: error.message });`,
      `console.log(JSON.stringify(await handler(${event}).catch(report)));`,
    ].join("\n");
    const data = { DATA_URL: pathToFileURL(`${folder}/data/`).href };
    const { stdout } = await run(process.execPath, ["--input-type=module", "-e", program], {
      cwd: task,
      env: { ...data, ...env },
    });
    return JSON.parse(stdout) as Record<string, unknown>;
  }
});
