import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import type { IncomingMessage } from "node:http";
import { request } from "node:https";
import { join } from "node:path";

import { expect } from "chai";

import { makeProject, type Project } from "../../helpers/project.ts";
import { killHard, startServe, type ServeCommand } from "../../helpers/upload/command.ts";

const password = "correct horse battery";

describe("upload passwd", function () {
  this.timeout(120_000);
  let project: Project;
  let server: ServeCommand;
  const outputs: string[] = [];

  before(async () => {
    project = await makeProject({ "a.txt": "a", "b.txt": "b" });
    server = await startServe(project);
  });
  after(async () => {
    if (server !== undefined) await killHard(server);
    await project?.remove();
  });

  async function run(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
    const finished = await project.run(["upload", ...args], env);
    outputs.push(finished.stdout, finished.stderr);
    return finished;
  }

  it("closes a store that is being served, and opens it to the password and the token", async () => {
    const set = await run(["passwd", "--token-file", "token"], { UPLOAD_PASSWORD: password });
    expect(set.code, set.stderr).to.equal(0);
    const path = join(project.folder, "token");
    expect((await stat(path)).mode & 0o777).to.equal(0o600);
    const token = (await readFile(path, "utf8")).trim();

    const send = (file: string, env: Readonly<Record<string, string>>) => run(["send", file, "--to", server.url], env);
    const [unknown, wrong, right, program] = await Promise.all([
      send("a.txt", {}),
      send("a.txt", { UPLOAD_PASSWORD: "wrong horse battery" }),
      send("a.txt", { UPLOAD_PASSWORD: password }),
      send("b.txt", { UPLOAD_TOKEN: token }),
    ]);
    expect([unknown.code, wrong.code, right.code, program.code]).to.deep.equal([2, 1, 0, 0]);
    expect(unknown.stderr).to.include("UPLOAD_PASSWORD");
    expect(wrong.stderr).to.include("The password is wrong");

    const again = await run(["passwd", "--token-file", "token"], { UPLOAD_PASSWORD: "another password" });
    expect(again.code).to.equal(2);
    const [still, short] = await Promise.all([
      send("b.txt", { UPLOAD_TOKEN: token }),
      run(["passwd", "--token-file", "none"], { UPLOAD_PASSWORD: "short" }),
    ]);
    expect([still.code, short.code], "the password was left as it was").to.deep.equal([0, 2]);
    expect(existsSync(join(project.folder, "none"))).to.equal(false);
    for (const output of outputs) expect(output).to.not.include(password).and.not.include(token);
  });

  it("alone does not let a server listen beyond this machine", async () => {
    const refused = await run(["serve", "--dir", "other", "--host", "0.0.0.0", "--port", "0"]);
    expect(refused.code).to.equal(1);
    expect(refused.stderr).to.include("a password and TLS").and.include("upload passwd");
  });

  it("with TLS lets a server listen there, and the cookie stays on TLS", async () => {
    const path = (name: string) => join(project.folder, name);
    const subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"];
    const keys = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", path("key.pem")];
    execFileSync("/usr/bin/openssl", ["req", "-x509", "-days", "2", ...keys, "-out", path("cert.pem"), ...subject], {
      stdio: "ignore",
    });
    await run(["passwd", "--dir", "open"], { UPLOAD_PASSWORD: password });
    const args = ["--dir", "open", "--host", "0.0.0.0", "--tls-cert", "cert.pem", "--tls-key", "key.pem"];
    const open = await startServe(project, { args });
    try {
      const url = `https://localhost:${open.port}/`;
      const env = { NODE_EXTRA_CA_CERTS: path("cert.pem"), UPLOAD_PASSWORD: password };
      const sent = await run(["send", "a.txt", "--to", url], env);
      expect(sent.code, sent.stderr).to.equal(0);
      const got = await run(["get", `${url}f/a.txt`, "--out", "copy.txt"], env);
      expect(got.code, got.stderr).to.equal(0);
      expect(await readFile(path("copy.txt"), "utf8")).to.equal("a");
      expect(await logIn(url, await readFile(path("cert.pem")))).to.match(/; HttpOnly; SameSite=Strict; Secure$/u);
    } finally {
      await killHard(open);
    }
  });
});

/** The cookie of a log-in. */
async function logIn(url: string, ca: Buffer): Promise<string> {
  const call = request(new URL("/api/session", url), {
    method: "POST",
    ca,
    headers: { "content-type": "application/json" },
  });
  call.end(JSON.stringify({ password }));
  const [response] = (await once(call, "response")) as [IncomingMessage];
  response.resume();
  return response.headers["set-cookie"]?.[0] ?? "";
}
