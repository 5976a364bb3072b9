import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { get, request as openRequest } from "node:https";
import { once } from "node:events";
import { join } from "node:path";
import { json } from "node:stream/consumers";

import { expect } from "chai";

import { makeProject, type Project } from "../../helpers/project.ts";
import { startServe } from "../../helpers/upload/command.ts";
import { bytesOf, postChunk, sha256 } from "../../helpers/upload/server.ts";

const openssl = "/usr/bin/openssl";

describe("upload serve, list and prune", function () {
  this.timeout(120_000);
  let project: Project;
  before(async () => {
    project = await makeProject({});
  });
  after(async () => {
    await project.remove();
  });

  it("serves until Ctrl-C; list shows the uploads, prune removes what idles", async () => {
    const server = await startServe(project, { args: ["--quota", "10MiB", "--max-size", "5MiB"] });
    const bytes = bytesOf(1_500_000);
    const file = { name: "a.bin", uuid: "u", bytes, size: 1_000_000 };
    await postChunk(server.url, { ...file, index: 0 });
    expect((await postChunk(server.url, { ...file, uuid: "big", index: 0, total: 6 * 1024 * 1024 })).status).to.equal(
      413,
    );
    const young = await project.run(["upload", "prune", "--older", "0"]);
    expect([young.code, young.stdout]).to.deep.equal([1, ""]);
    expect(young.stderr).to.contain("Error: A server runs");
    server.child.kill("SIGINT");
    const { code, stderr } = await server.finished;
    expect(code).to.equal(0);
    expect(stderr).to.match(/^\S+Z info {2}chunk 1 of 2 for "a\.bin" complete$/mu);
    expect((await readdir(join(project.folder, "store"))).toSorted()).to.include.members([
      "blobs",
      "catalog.db",
      "incoming",
    ]);

    const listed = await project.run(["upload", "list", "--state", "active", "--json"]);
    const { uploads } = JSON.parse(listed.stdout) as { uploads: { id: string; name: string; received: number }[] };
    expect(uploads.map(({ name, received }) => [name, received])).to.deep.equal([["a.bin", 1_000_000]]);
    const text = await project.run(["upload", "list"]);
    expect(text.stdout).to.match(/^active {2}976\.6 KiB of 1\.4 MiB 66 % +\S+ \S+ {2}[0-9a-f]{32} {2}"a\.bin"\n$/u);

    const again = await startServe(project);
    expect((await postChunk(again.url, { ...file, index: 1 })).text).to.contain(sha256(bytes));
    await postChunk(again.url, { ...file, name: "b.bin", uuid: "v", index: 0 });
    again.child.kill("SIGTERM");
    await again.finished;
    const dry = await project.run(["upload", "prune", "--older", "0", "--dry-run"]);
    expect(dry.stdout).to.match(
      /^upload [0-9a-f]{32} "b\.bin": idle, 976\.6 KiB\nWould free 976\.6 KiB: 1 uploads, 0 strays\.\n$/u,
    );
    const pruned = await project.run(["upload", "prune", "--older", "0", "--verify", "--json"]);
    expect(pruned.code).to.equal(0);
    expect(JSON.parse(pruned.stdout)).to.deep.include({
      dryRun: false,
      freedBytes: 1_000_000,
      damaged: [],
      missing: [],
    });
    expect(await readdir(join(project.folder, "store/incoming"))).to.deep.equal([]);
  });

  it("refuses what cannot be meant, and to listen beyond this machine without password and TLS", async () => {
    for (const [args, code, message] of [
      [["serve", "--host", "0.0.0.0"], 1, "Others can reach 0.0.0.0"],
      [["serve", "--quota", "lots"], 2, '--quota is a size, not "lots"'],
      [["serve", "--ttl", "soon"], 2, '--ttl is a duration, not "soon"'],
      [["serve", "--port", "65536"], 2, "--port is between 0 and 65535"],
      [["serve", "--dir", "."], 1, "is no store, and holds other things"],
      [["serve", "--tls-cert", "hardhat.config.ts", "--tls-key", "hardhat.config.ts"], 2, "are no certificate"],
      [["serve", "--tls-cert", "x"], 2, "--tls-cert and --tls-key belong together"],
      [["list", "--dir", "nowhere"], 1, "There is no store in"],
      [["list", "--state", "lost"], 2, "--state is active, done, failed, gone"],
      [["prune", "--dir", "nowhere"], 1, "There is no store in"],
    ] as const) {
      const finished = await project.run(["upload", ...args]);
      expect([finished.code, finished.stdout], args.join(" ")).to.deep.equal([code, ""]);
      expect(finished.stderr).to.contain(message);
    }
  });

  it("serves over TLS", async function () {
    if (!existsSync(openssl) && process.env["CI"] !== "true") this.skip();
    const [key, cert] = [join(project.folder, "key.pem"), join(project.folder, "cert.pem")];
    const names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"];
    execFileSync(
      openssl,
      [
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-keyout",
        key,
        "-out",
        cert,
        ...names,
      ],
      { stdio: "pipe" },
    );
    const server = await startServe(project, { args: ["--tls-cert", cert, "--tls-key", key] });
    const request = get(`${server.url}/healthz`, { ca: readFileSync(cert), agent: false });
    const [response] = await once(request, "response");
    expect(await json(response)).to.deep.equal({ ok: true });
    const creation = openRequest(`${server.url}/files`, {
      ca: readFileSync(cert),
      agent: false,
      method: "POST",
      headers: { "tus-resumable": "1.0.0", "upload-length": "1" },
    }).end();
    const [created] = await once(creation, "response");
    created.resume();
    expect(created.headers.location.startsWith(`${server.url}/files/`)).to.be.true;
    server.child.kill("SIGINT");
    expect((await server.finished).code).to.equal(0);
  });
});
