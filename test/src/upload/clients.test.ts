import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { expect } from "chai";
import { Upload } from "tus-js-client";

import { bytesOf, download, serveStore, sha256, type TestServer } from "../../helpers/upload/server.ts";

const run = promisify(execFile);
const python = "/usr/bin/python3";
const tuspy = "/usr/lib/python3/dist-packages/tusclient/__init__.py";
const pythonClient = fileURLToPath(new URL("../../fixtures/upload/tus_client.py", import.meta.url));

describe("upload: clients of others", () => {
  let server: TestServer;
  const bytes = bytesOf(10_000_019);
  const hash = sha256(bytes);
  before(async () => {
    server = await serveStore();
    await writeFile(join(server.dir, "source"), bytes);
  });
  after(async () => {
    await server.close();
  });

  const variants: [string, object][] = [
    ["sequential", {}],
    ["4 MiB chunks", { chunkSize: 4 * 1024 * 1024 }],
    ["4 parallel uploads", { parallelUploads: 4 }],
    ["data with the creation", { uploadDataDuringCreation: true, chunkSize: 1_000_000 }],
    ["a deferred length", { uploadLengthDeferred: true, chunkSize: 3_000_000 }],
  ];
  for (const [variant, options] of variants)
    it(`tus-js-client: ${variant}`, async () => {
      await new Promise<void>((resolve, reject) => {
        const upload = new Upload(bytes, {
          endpoint: `${server.url}/files`,
          metadata: { filename: `${variant}.bin` },
          onSuccess: () => resolve(),
          onError: reject,
          ...options,
        });
        upload.start();
      });
      expect(sha256((await download(server.url, encodeURIComponent(`${variant}.bin`))).bytes)).to.equal(hash);
    });

  it("tuspy, with a checksum in each request", async function () {
    if (!existsSync(tuspy) && process.env["CI"] !== "true") this.skip();
    await run(python, [pythonClient, `${server.url}/files/`, join(server.dir, "source"), "tuspy.bin"]);
    expect(sha256((await download(server.url, "tuspy.bin")).bytes)).to.equal(hash);
  });

  it("curl: a form, a raw PUT that waits for 100 Continue, a text drop, a download that goes on", async () => {
    const source = join(server.dir, "source");
    const curl = async (...args: string[]) => (await run("curl", ["-sS", "--fail-with-body", ...args])).stdout;
    expect(await curl("-F", `file=@${source};filename=form.bin`, `${server.url}/upload`)).to.contain(hash);
    const facts = JSON.stringify({ name: "put.bin", size: bytes.length, sha256: hash });
    const { id } = JSON.parse(await curl("-d", facts, `${server.url}/u`)) as { id: string };
    const put = await curl("-H", "Expect: 100-continue", "-T", source, `${server.url}/u/${id}?offset=0`);
    expect(JSON.parse(put)).to.include({ state: "done", sha256: hash });
    expect(await curl("--data-urlencode", "text=päñ & more", `${server.url}/drop`)).to.contain(
      sha256(Buffer.from("päñ & more")),
    );
    const target = join(server.dir, "target");
    await writeFile(target, bytes.subarray(0, 1_234_567));
    await curl("-C", "-", "-o", target, `${server.url}/f/put.bin`);
    expect((await run("sha256sum", [target])).stdout).to.contain(hash);
  });
});
