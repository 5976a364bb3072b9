import { join } from "node:path";

import { expect } from "chai";

import type { SentFile } from "../../../src/upload/client.ts";
import { makeProject, type Project } from "../../helpers/project.ts";
import { killHard, startServe, type ServeCommand } from "../../helpers/upload/command.ts";
import { makeFile } from "../../helpers/upload/file.ts";
import { until } from "../../helpers/upload/until.ts";

const MiB = 1024 * 1024;
const size = 96 * MiB;
/** Small chunks, one at a time: there is time to kill somebody. */
const slowly = ["--chunk", "64KiB", "--parallel", "1"];

describe("upload send", function () {
  this.timeout(120_000);
  let project: Project;
  let server: ServeCommand;
  let sha256: string;

  before(async () => {
    project = await makeProject({
      "deployments/sepolia/MetaCoin.json": "{}\n",
      "deployments/sepolia/old/MetaCoin.json": "[]\n",
    });
    sha256 = await makeFile(join(project.folder, "big.bin"), size);
    server = await startServe(project);
  });
  after(async () => {
    if (server !== undefined) await killHard(server);
    await project?.remove();
  });

  const send = (...args: readonly string[]) => project.start(["upload", "send", "--to", server.url, ...args]);

  /** Waits until the upload under way has some and not all of its bytes. */
  async function untilHalfway(name: string): Promise<void> {
    await until(`${name} is halfway`, async () => {
      const response = await fetch(new URL("/api/uploads", server.url)).catch(() => undefined);
      const answer = (await response?.json()) as { uploads: { name: string; received: number }[] } | undefined;
      return answer?.uploads.some((one) => one.name === name && one.received > MiB) === true;
    });
  }

  async function hashOf(path: string): Promise<string | undefined> {
    const { headers } = await fetch(new URL(`/f/${path}`, server.url), { method: "HEAD" });
    const [, digest = ""] = /^sha-256=:(.*):$/u.exec(headers.get("repr-digest") ?? "") ?? [];
    return Buffer.from(digest, "base64").toString("hex");
  }

  it("keeps the structure of a directory, and prints hash and url", async () => {
    const { code, stdout, stderr } = await send("deployments/sepolia", "--dir", "records").finished;
    expect(stderr).to.equal("");
    expect(code).to.equal(0);
    const [first = "", second = ""] = stdout.trim().split("\n");
    expect(first).to.match(/^ca3d163bab055381827226140568f3bef7eaac187cebd76878e0b63e9e442356 {2}http/u);
    expect(first.endsWith("/f/records/sepolia/MetaCoin.json")).to.equal(true);
    expect(second.endsWith("/f/records/sepolia/old/MetaCoin.json")).to.equal(true);
    expect(await (await fetch(second.split("  ")[1] ?? "")).text()).to.equal("[]\n");
  });

  it("is continued by the next run after kill -9", async () => {
    const first = send("big.bin", "--dir", "a", ...slowly);
    await untilHalfway("big.bin");
    await killHard(first);
    const { code, stdout, stderr } = await send("big.bin", "--dir", "a", "--json").finished;
    expect(code, stderr).to.equal(0);
    const { files } = JSON.parse(stdout) as { files: SentFile[] };
    expect(files[0]).to.include({ size, sha256 });
    expect(files[0]?.resumedFrom).to.be.within(MiB, size - 1);
    expect(stderr).to.include("were there already");
    expect(await hashOf("a/big.bin")).to.equal(sha256);
  });

  it("waits for a server that was ended with kill -9, and finishes", async () => {
    const sending = send("big.bin", "--dir", "b", ...slowly);
    await untilHalfway("big.bin");
    await killHard(server);
    const { port } = server;
    server = await startServe(project, { port });
    const { code, stdout, stderr } = await sending.finished;
    expect(code, stderr).to.equal(0);
    expect(stderr).to.include("trying again");
    expect(stdout).to.include(sha256);
    expect(await hashOf("b/big.bin")).to.equal(sha256);
  });

  it("says what is wrong, and ends with 1 or 2", async () => {
    const runs = [
      project.run(["upload", "send", "--to", "http://127.0.0.1:1", "big.bin"]),
      send("missing.bin").finished,
      send("big.bin", "--chunk", "many").finished,
      project.run(["upload", "send", "--to", "ftp://127.0.0.1", "big.bin"]),
    ];
    runs.push(send("big.bin", "--chunk", "2GiB").finished, send("/dev/null").finished);
    const ends = await Promise.all(runs);
    expect(ends.map(({ code }) => code)).to.deep.equal([1, 1, 2, 2, 2, 1]);
    expect(ends.map(({ stdout }) => stdout).join("")).to.equal("");
    for (const { stderr } of ends) expect(stderr).to.match(/^Error: /u);
  });
});
