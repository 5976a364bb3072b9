import { readFileSync } from "node:fs";

import { expect } from "chai";

import { renderLicences } from "../scripts/licences.ts";
import { isFor, packageName, type Platform, readLock } from "../src/doctor/lock.ts";

const text = readFileSync(new URL("../package-lock.json", import.meta.url), "utf8");
const lock = [...readLock(text)].map(([path, entry]) => ({ name: packageName(path), ...entry }));

/** The platforms that the set-up is for. */
const platforms: readonly Platform[] = [
  { os: "linux", cpu: "x64", libc: "glibc" },
  { os: "linux", cpu: "arm64", libc: "glibc" },
  { os: "darwin", cpu: "x64", libc: undefined },
  { os: "darwin", cpu: "arm64", libc: undefined },
  { os: "win32", cpu: "x64", libc: undefined },
];

/** The tools that are programs of each platform, by how the packages of theirs begin. */
const families: Readonly<Record<string, string>> = {
  "Hardhat's EVM": "@nomicfoundation/edr-",
  TypeScript: "@typescript/typescript-",
  oxlint: "@oxlint/binding-",
  "oxlint's typed rules": "@oxlint-tsgolint/",
  oxfmt: "@oxfmt/binding-",
  "knip's parser": "@oxc-parser/binding-",
  "knip's resolver": "@oxc-resolver/binding-",
  "koffi, the FFI": "@koromix/koffi-",
  esbuild: "@esbuild/",
  "the Node of the lock file": "node-",
};

describe("package-lock.json", () => {
  for (const [tool, prefix] of Object.entries(families))
    it(`has ${tool} for each platform, in one version`, () => {
      const family = lock.filter(({ name, os }) => name.startsWith(prefix) && os !== undefined);
      const missing = platforms.filter((platform) => !family.some((entry) => isFor(entry, platform)));
      expect(missing).to.deep.equal([]);
      const used = family.filter((entry) => platforms.some((platform) => isFor(entry, platform)));
      expect(new Set(used.map(({ version }) => version)).size).to.equal(1);
    });

  it("has an entry for each optional package that another one names: npm ci refuses a lock file without", () => {
    const { packages } = JSON.parse(text) as { packages: Record<string, { optionalDependencies?: object }> };
    const named = Object.values(packages).flatMap((entry) => Object.keys(entry.optionalDependencies ?? {}));
    const present = new Set(lock.map(({ name }) => name));
    expect(named.filter((name) => !present.has(name))).to.deep.equal([]);
    expect(named.length).to.be.greaterThan(100);
  });

  it("names the content of each package by its hash, and the registry alone as its source", () => {
    const { packages } = JSON.parse(text) as { packages: Record<string, { resolved?: string; integrity?: string }> };
    const loose = Object.entries(packages).filter(
      ([path, { resolved, integrity }]) =>
        path !== "" && (integrity?.startsWith("sha512-") !== true || resolved?.startsWith("git") === true),
    );
    expect(loose.map(([path]) => path)).to.deep.equal([]);
  });
});

describe("docs/licences.md", () => {
  const page = readFileSync(new URL("../docs/licences.md", import.meta.url), "utf8");

  it("is current: node scripts/licences.ts", () => {
    expect(page === renderLicences(text)).to.equal(true, "run: node scripts/licences.ts");
  });

  it("knows the licence of every package", () => {
    expect(page).not.to.include("unknown");
  });
});
