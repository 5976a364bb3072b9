import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";

import { endpointFolder, readKey, readOrCreateKey, socketPath } from "../../../src/ipc/endpoint.ts";
import { own } from "../../../src/ipc/own.ts";
import { failureOf } from "../../helpers/ipc/conformance.ts";

describe("ipc/endpoint", () => {
  let folder: string;
  let temporary: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "ipc-"));
    temporary = join(folder, `metacoin-${String(process.getuid?.())}`);
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it("is made with mode 0700 whatever the umask, in XDG_RUNTIME_DIR or the folder for temporary files", () => {
    const before = process.umask(0);
    try {
      const runtimeDir = join(folder, "run");
      expect(endpointFolder({ runtimeDir, tmpDir: folder })).to.equal(join(runtimeDir, "metacoin"));
      expect(endpointFolder({ tmpDir: folder })).to.equal(temporary);
      for (const path of [join(runtimeDir, "metacoin"), temporary]) expect(statSync(path).mode & 0o777).to.equal(0o700);
    } finally {
      process.umask(before);
    }
  });

  it("does not go by a runtime folder that is empty, relative or another user's", function () {
    for (const runtimeDir of ["", "run", "./run"])
      expect(endpointFolder({ runtimeDir, tmpDir: folder })).to.equal(temporary);
    if (process.getuid?.() !== 0 && process.env["CI"] !== "true") this.skip();
    const theirs = join(folder, "theirs");
    mkdirSync(theirs);
    chownSync(theirs, 65_534, 65_534);
    expect(endpointFolder({ runtimeDir: theirs, tmpDir: folder })).to.equal(temporary);
  });

  it("refuses a folder that others can enter, a link, and a place where none can be made", () => {
    mkdirSync(temporary);
    chmodSync(temporary, 0o755);
    expect(() => endpointFolder({ tmpDir: folder })).to.throw("must be a folder of yours");
    rmSync(temporary, { recursive: true });
    symlinkSync(folder, temporary);
    expect(() => endpointFolder({ tmpDir: folder })).to.throw("must be a folder of yours");
    writeFileSync(join(folder, "file"), "");
    expect(() => endpointFolder({ tmpDir: join(folder, "file") }))
      .to.throw("cannot be made")
      .with.property("code", "ENDPOINT_FOLDER");
  });

  it("refuses a path that a socket address would cut, and one where nothing can be served", () => {
    expect(() => socketPath(`/${"x".repeat(103)}`))
      .to.throw()
      .with.property("code", "PATH_TOO_LONG");
    expect(socketPath(`/${"x".repeat(102)}`)).to.have.length(103);
    expect(() => own(join(folder, "none", "s")))
      .to.throw("ENOENT")
      .with.property("code", "ENDPOINT_PATH");
  });

  it("makes one key, however many ask at once, and takes none that others can read", async () => {
    const path = join(folder, "key");
    const keys = await Promise.all(Array.from({ length: 8 }, () => readOrCreateKey(path)));
    expect(new Set(keys.map(String))).to.have.length(1);
    expect(keys[0]).to.have.length(64);
    expect(statSync(path).mode & 0o777).to.equal(0o600);
    chmodSync(path, 0o640);
    expect(await failureOf(readKey(path))).to.include({ code: "KEY_FILE" });
    expect(await failureOf(readKey(folder))).to.include({ code: "KEY_FILE" });
    expect(await readKey(join(folder, "none"))).to.equal(undefined);
  });
});
