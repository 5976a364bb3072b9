import { readFileSync } from "node:fs";

import { expect } from "chai";

import { packageName, readLock } from "../../../src/doctor/lock.ts";
import { checkCompiler, checkNode, checkPackages } from "../../../src/doctor/runtime.ts";

const linux = { os: "linux", cpu: "x64", libc: "glibc" };
const lock = (packages: object) => readLock(JSON.stringify({ packages: { "": { name: "it" }, ...packages } }));

describe("doctor: the runtime", () => {
  const versions: readonly [running: string, status: string][] = [
    ["26.10.0", "ok"],
    ["26.9.0", "warning"],
    ["22.13.0", "warning"],
    ["22.12.9", "broken"],
    ["20.20.2", "broken"],
    ["9.99.0", "broken"],
  ];
  for (const [running, status] of versions)
    it(`finds Node ${running} ${status}`, () => {
      expect(checkNode({ running, pinned: "26.10.0", lowest: "22.13.0" }).status).to.equal(status);
    });

  it("finds the packages of the lock file, those of this platform alone", () => {
    const locked = lock({
      "node_modules/a": { version: "1.0.0" },
      "node_modules/a/node_modules/@b/c": { version: "2.0.0" },
      "node_modules/native-linux": { version: "3.0.0", optional: true, os: ["linux"], cpu: "x64" },
      "node_modules/native-musl": { version: "3.0.0", optional: true, os: ["linux"], cpu: ["x64"], libc: ["musl"] },
      "node_modules/native-win": { version: "3.0.0", optional: true, os: "win32", cpu: "x64" },
      "node_modules/only-with-win": { version: "3.0.0", optional: true },
    });
    const all = lock({
      "node_modules/a": { version: "1.0.0" },
      "node_modules/a/node_modules/@b/c": { version: "2.0.0" },
      "node_modules/native-linux": { version: "3.0.0" },
    });
    expect(checkPackages(locked, all, linux)).to.deep.equal({
      subject: "Packages",
      status: "ok",
      finding: "3 as in package-lock.json",
    });
    const some = lock({
      "node_modules/a": { version: "1.0.0" },
      "node_modules/a/node_modules/@b/c": { version: "2.1.0" },
    });
    expect(checkPackages(locked, some, linux)).to.deep.equal({
      subject: "Packages",
      status: "broken",
      finding: "@b/c is 2.1.0, not 2.0.0, native-linux is missing",
      hint: "npm run setup",
    });
    expect(checkPackages(locked, undefined, linux).status).to.equal("broken");
  });

  it("agrees with what npm installed here", () => {
    const read = (path: string) => readLock(readFileSync(new URL(`../../../${path}`, import.meta.url), "utf8"));
    const here = { os: process.platform, cpu: process.arch, libc: process.platform === "linux" ? "glibc" : undefined };
    const { status, finding } = checkPackages(read("package-lock.json"), read("node_modules/.package-lock.json"), here);
    expect([status, finding]).to.satisfy(([first]: string[]) => first === "ok", finding);
  });

  it("knows the package of a path", () => {
    expect(packageName("node_modules/a/node_modules/@b/c")).to.equal("@b/c");
  });

  it("compares the compiler with the configuration", () => {
    expect(checkCompiler({ wanted: "0.8.37", found: "0.8.37", path: "x" }).status).to.equal("ok");
    expect(checkCompiler({ wanted: "0.8.37", found: "0.8.36", path: "x" }).status).to.equal("broken");
    expect(checkCompiler({ wanted: "0.8.37", found: undefined, path: "x" }).finding).to.equal(
      "there is no compiler at x",
    );
  });
});
