import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, relative } from "node:path";

import { expect } from "chai";

import { listFiles, NoFileError } from "../../../src/upload/client-files.ts";
import { rejection } from "../../helpers/rejection.ts";

describe("the files that paths stand for", () => {
  let top: string;

  before(() => {
    top = mkdtempSync(join(tmpdir(), "upload-files-"));
    mkdirSync(join(top, "records/sepolia/old"), { recursive: true });
    mkdirSync(join(top, "records/empty"));
    for (const path of [
      "records/.chain.json",
      "records/sepolia/MetaCoin.json",
      "records/sepolia/old/MetaCoin.json",
      "a",
    ])
      writeFileSync(join(top, path), path);
    mkdirSync(join(top, "deployments/hoodi/.journal"), { recursive: true });
    mkdirSync(join(top, "deployments/sepolia/.journal"), { recursive: true });
    for (const name of ["hoodi/.journal/run.jsonl", "hoodi/.lock", "sepolia/.journal/run.jsonl"])
      writeFileSync(join(top, "deployments", name), "");
    for (const name of [".chain.json", ".lock", "MetaCoin.json"])
      writeFileSync(join(top, "deployments/sepolia", name), name);
    writeFileSync(join(top, "deployments/.lock"), "a lock of somebody else's");
    symlinkSync("/etc", join(top, "records/link"));
    symlinkSync(join(top, "a"), join(top, "b"));
  });
  after(() => rmSync(top, { recursive: true }));

  it("keep the directory that was named, and all below it but links", async () => {
    const files = await listFiles([join(top, "records")]);
    expect(files.map(({ path, dir, size }) => [dir, basename(path), size])).to.deep.equal([
      ["records", ".chain.json", 19],
      ["records/sepolia", "MetaCoin.json", 29],
      ["records/sepolia/old", "MetaCoin.json", 33],
    ]);
  });

  it("are the records of deployments, without the journal of what was signed and without the lock", async () => {
    const files = await listFiles([join(top, "deployments")]);
    expect(files.map(({ path }) => relative(top, path))).to.deep.equal([
      "deployments/.lock",
      "deployments/sepolia/.chain.json",
      "deployments/sepolia/MetaCoin.json",
    ]);
  });

  it("are themselves, even through a link", async () => {
    const files = await listFiles([join(top, "a"), join(top, "b")]);
    expect(files.map(({ dir, size }) => [dir, size])).to.deep.equal([
      ["", 1],
      ["", 1],
    ]);
  });

  it("are refused where there is none", async () => {
    expect(await rejection(listFiles([join(top, "missing")]))).to.be.instanceOf(NoFileError);
    expect(await rejection(listFiles([join(top, "records/empty")]))).to.be.instanceOf(NoFileError);
    // It would never end.
    expect(await rejection(listFiles(["/dev/zero"]))).to.be.instanceOf(NoFileError);
  });
});
