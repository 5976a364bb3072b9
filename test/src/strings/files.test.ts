import { execFileSync } from "node:child_process";
import { readdir, rm } from "node:fs/promises";
import { join, relative } from "node:path";

import { expect } from "chai";

import {
  ChangedFileError,
  listSources,
  NoSuchFileError,
  NotSourceError,
  replaceText,
} from "../../../src/strings/files.ts";
import { openFiles, UnreadFileError } from "../../../src/strings/project.ts";
import { readText, withProject } from "../../helpers/strings/plant.ts";

const sources = {
  "a.ts": "",
  "b.d.ts": "",
  "c.mjs": "",
  "d.md": "",
  "sub/e.tsx": "",
  "out/f.js": "",
  "node_modules/g/h.js": "",
  ".hidden/i.js": "",
};

describe("listSources", () => {
  const list = async (folder: string, named: readonly string[]) =>
    (await listSources(named, folder)).map((path) => relative(folder, path));

  it("lists what git tracks or would track", async () => {
    await withProject({ ...sources, ".gitignore": "out/\nnode_modules/\n" }, async (folder) => {
      execFileSync("git", ["init", "-q", folder]);
      execFileSync("git", ["-C", folder, "add", "c.mjs"]);
      expect(await list(folder, ["."])).to.deep.equal([".hidden/i.js", "a.ts", "c.mjs", "sub/e.tsx"]);
      await rm(join(folder, "c.mjs"));
      expect(await list(folder, ["."])).to.deep.equal([".hidden/i.js", "a.ts", "sub/e.tsx"]);
    });
  });

  it("elsewhere lists all but node_modules and hidden folders", async () => {
    await withProject(sources, async (folder) => {
      expect(await list(folder, ["."])).to.deep.equal(["a.ts", "c.mjs", "out/f.js", "sub/e.tsx"]);
      expect(await list(folder, ["sub", "a.ts", "sub/e.tsx"])).to.deep.equal(["a.ts", "sub/e.tsx"]);
    });
  });

  it("refuses what is not there", async () => {
    await withProject({}, async (folder) => {
      const error = await listSources(["nothing.ts"], folder).catch((thrown: unknown) => thrown);
      expect(error).to.be.instanceOf(NoSuchFileError);
    });
  });

  it("refuses what is no source: TypeScript's native compiler would crash", async () => {
    await withProject(sources, async (folder) => {
      const error = await listSources(["d.md"], folder).catch((thrown: unknown) => thrown);
      expect(error).to.be.instanceOf(NotSourceError);
    });
  });
});

describe("replaceText", () => {
  it("leaves a file alone that changed since it was read, and nothing beside it", async () => {
    await withProject({ "a.ts": "changed" }, async (folder) => {
      const error = await replaceText(join(folder, "a.ts"), "former", "new").catch((thrown: unknown) => thrown);
      expect(error).to.be.instanceOf(ChangedFileError);
      expect(await readText(folder, "a.ts")).to.equal("changed");
      await replaceText(join(folder, "a.ts"), "changed", "new");
      expect(await readText(folder, "a.ts")).to.equal("new");
      expect(await readdir(folder)).to.have.members(["a.ts", "tsconfig.json"]);
    });
  });
});

describe("openFiles", () => {
  it("says so when TypeScript cannot read a file", async () => {
    await withProject({}, async (folder) => {
      const files = openFiles([], { cwd: folder });
      try {
        expect(() => files.file(join(folder, "missing.ts"))).to.throw(UnreadFileError);
      } finally {
        files.close();
      }
    });
  });
});
