import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";

import { expect } from "chai";

import type { GotFile } from "../../../src/upload/client-get.ts";
import { createConnection } from "../../../src/upload/client-http.ts";
import { sendFile } from "../../../src/upload/client.ts";
import { makeProject, type Project } from "../../helpers/project.ts";
import { killHard } from "../../helpers/upload/command.ts";
import { makeFile } from "../../helpers/upload/file.ts";
import { startSite, type Site } from "../../helpers/upload/site.ts";
import { until } from "../../helpers/upload/until.ts";

const MiB = 1024 * 1024;

describe("upload get", function () {
  this.timeout(120_000);
  let project: Project;
  let site: Site;

  before(async () => {
    project = await makeProject({});
    site = await startSite();
  });
  after(async () => {
    await site?.close();
    await project?.remove();
  });

  it("verifies, continues after kill -9, and prints hash and path", async () => {
    const size = 128 * MiB;
    const path = join(project.folder, "source.bin");
    const sha256 = await makeFile(path, size);
    const connection = createConnection({ base: new URL(site.url), parallel: 4 });
    const { url } = await sendFile(path, { connection, dir: "", chunk: 8 * MiB, parallel: 4, patienceMs: 5000 });
    connection.close();

    const get = ["upload", "get", url, "--out", "copy.bin"];
    const first = project.start(get);
    const part = `.copy.bin.${sha256.slice(0, 16)}.part`;
    const partSize = () =>
      stat(join(project.folder, part)).then(
        (stats) => stats.size,
        () => 0,
      );
    await until("some of it is here", async () => (await partSize()) > MiB);
    await killHard(first);
    const had = await partSize();
    const { code, stdout, stderr } = await project.run([...get, "--json"]);
    expect(code, stderr).to.equal(0);
    const got = JSON.parse(stdout) as GotFile;
    expect(got).to.include({ path: join(project.folder, "copy.bin"), size, sha256 });
    if (had < size) expect(got.resumedFrom).to.equal(had);
    expect(await readdir(project.folder))
      .to.include("copy.bin")
      .and.not.include(part);
    expect(Buffer.compare(await readFile(got.path), await readFile(path))).to.equal(0);
  });
});
