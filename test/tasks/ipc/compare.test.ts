import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";

import { repositoryProgram } from "../../helpers/ipc/programs.ts";

describe("ipc compare", function () {
  this.timeout(120_000);

  it("measures here and now, draws bars and writes a page that loads nothing", async () => {
    const folder = await mkdtemp(join(tmpdir(), "ipc-"));
    const html = join(folder, "ipc.html");
    const program = repositoryProgram(
      ["ipc", "compare", "--transports", "socket,fifo,shm,redis", "--url", "redis://127.0.0.1:1", "--html", html],
      {},
    );
    expect(await program.ended).to.equal(0);
    const text = program.lines.join("\n");
    expect(text).to.match(/^socket +[\d.,]+ µs +[\d.]+ +[\d,]+ +[\d.,]+ µs +yes/mu);
    expect(text).to.match(/^shm +[\d.,]+ µs/mu);
    expect(text).to.match(/^redis .*not here: .*apt-get install redis-server/mu);
    expect(text).to.match(/^C futex +█+ [\d.]+ µs$/mu);
    const page = await readFile(html, "utf8");
    expect(page)
      .to.include("<svg")
      .and.not.match(/(?:src|href)="(?!data:)/u);
    await rm(folder, { recursive: true });
  });
});
