import { appendFile, chmod, mkdtemp, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";

import { AuditError, openAudit } from "../../../src/signer/audit.ts";

const transaction = { chainId: 1, to: undefined, value: "5", maxFee: "7" };

describe("signer/audit", () => {
  let folder: string;
  let path: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "signer-audit-"));
    path = join(folder, "audit.jsonl");
  });

  afterEach(() => rm(folder, { recursive: true }));

  it("writes a line an entry, in order, for its owner's eyes alone", async () => {
    const log = await openAudit(path, () => 0);
    await Promise.all([1, 2, 3].map((pid) => log.write({ event: "refused", peer: { pid, uid: 0 } })));
    await log.close();
    const lines = (await readFile(path, "utf8")).trimEnd().split("\n");
    expect(lines.map((line) => JSON.parse(line).peer.pid)).to.deep.equal([1, 2, 3]);
    expect(lines[0]).to.contain('"time":"1970-01-01T00:00:00.000Z"');
    expect((await stat(path)).mode & 0o777).to.equal(0o600);
  });

  it("remembers over a restart what was signed, so that a crash empties no limit", async () => {
    let now = 1000;
    const first = await openAudit(path, () => now);
    await first.write({ event: "signed", transaction });
    now = 2000;
    await first.write({ event: "signed", transaction });
    await first.write({ event: "refused", transaction });
    await first.close();
    await appendFile(path, '{"time":"1970-01-01T00:00:02.500Z","event":"sig');
    const second = await openAudit(path, () => 3000);
    await second.write({ event: "started" });
    expect(await second.signedWithin(1500)).to.deep.equal([{ atMs: 2000, wei: 12n }]);
    expect(await second.signedWithin(60_000)).to.have.length(2);
    expect((await readFile(path, "utf8")).trimEnd().split("\n").at(-1)).to.contain('"started"');
    await second.close();
  });

  it("refuses a file that others can read, and one that is somewhere else", async () => {
    await writeFile(path, "");
    await chmod(path, 0o644);
    const wide = await openAudit(path, () => 0).catch((error: unknown) => error);
    expect(wide).to.be.instanceOf(AuditError);
    await symlink(path, join(folder, "link"));
    const linked = await openAudit(join(folder, "link"), () => 0).catch((error: unknown) => error);
    expect(linked).to.be.instanceOf(AuditError);
  });
});
