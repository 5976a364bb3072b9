import { execFile } from "node:child_process";
import { chmod, stat } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { expect } from "chai";

import { render } from "../../../tasks/strings/check.ts";
import { readText, withProject } from "../../helpers/strings/plant.ts";

const config = fileURLToPath(new URL("../../../hardhat.config.ts", import.meta.url));
const hardhat = fileURLToPath(new URL("../../../node_modules/.bin/hardhat", import.meta.url));

type Ended = { readonly code: number; readonly stdout: string; readonly stderr: string };

/** Runs the command as a user would, within `cwd`. */
async function check(cwd: string, ...args: readonly string[]): Promise<Ended> {
  return new Promise((resolve) => {
    const child = execFile(hardhat, ["--config", config, "strings", "check", ...args], { cwd }, (_, stdout, stderr) =>
      resolve({ code: child.exitCode ?? -1, stdout, stderr }),
    );
  });
}

const sources = {
  "src/a.ts": `export const greet = (name: string, what: object) =>\n  "hello " + name + [what].map((each) => "x" + each).join("");\n`,
  "src/clean.ts": "export const clean = (count: number) => `${count + 1}`;\n",
  "lib/old.js": `var s = "a" +\n  'b';\nexport default s;\n`,
  "node_modules/peer/index.js": `module.exports = "a" + "b";\n`,
};

describe("npx hardhat strings check", function () {
  this.timeout(120_000);

  it("tells file, line and column, ends with 1, and changes nothing", async () => {
    await withProject(sources, async (folder) => {
      const { code, stdout } = await check(folder);
      expect(stdout.split("\n")).to.deep.equal([
        `lib/old.js:1:9  split literals  "a" + 'b'`,
        `src/a.ts:2:3  literal  "hello " + name + [what].map((each) => "x" + each).join("")`,
        `src/a.ts:2:42  literal  "x" + each`,
        "    --fix leaves it: `each` may be an object, which can turn itself into text in two ways",
        "3 sums of strings in 3 files",
        "",
      ]);
      expect(code).to.equal(1);
      expect(await readText(folder, "src/a.ts")).to.equal(sources["src/a.ts"]);
    });
  });

  it("--fix rewrites what is safe, keeps the mode of the file, and ends with 1 while something is left", async () => {
    await withProject(sources, async (folder) => {
      await chmod(join(folder, "src/a.ts"), 0o640);
      const { code, stdout } = await check(folder, "--fix");
      expect(await readText(folder, "src/a.ts")).to.equal(
        'export const greet = (name: string, what: object) =>\n  `hello ${name}${[what].map((each) => "x" + each).join("")}`;\n',
      );
      expect(await readText(folder, "lib/old.js")).to.equal(`var s = "ab";\nexport default s;\n`);
      expect((await stat(join(folder, "src/a.ts"))).mode % 0o1000).to.equal(0o640);
      expect(stdout).to.include("2 rewritten as templates\n1 sum of strings in 3 files\n");
      expect(code).to.equal(1);
    });
  });

  it("keeps a byte order mark, and ends with 0 when nothing is left", async () => {
    await withProject({ "a.ts": `\u{FEFF}export const a = "é" + 1;\r\n` }, async (folder) => {
      const { code, stdout } = await check(folder, "a.ts", "--fix", "--json");
      expect(await readText(folder, "a.ts")).to.equal("\u{FEFF}export const a = `é1`;\r\n");
      expect(JSON.parse(stdout)).to.deep.equal({
        files: 1,
        found: [],
        fixed: [{ file: "a.ts", line: 1, column: 18, text: `"é" + 1`, kind: "literal" }],
        unknown: [],
      });
      expect(code).to.equal(0);
    });
  });

  it("names a file that is not there", async () => {
    await withProject({}, async (folder) => {
      const { code, stderr } = await check(folder, "missing.ts");
      expect(stderr).to.include(`Error: There is no file ${join(folder, "missing.ts")}`);
      expect(code).to.equal(1);
    });
  });

  it("renders a clean run in one line", () => {
    expect(render({ files: 1, found: [], fixed: [], unknown: [] })).to.equal("0 sums of strings in 1 file");
    const place = { file: "a.js", line: 1, column: 2, text: "a + b" };
    expect(render({ files: 2, found: [], fixed: [], unknown: [place] })).to.equal(
      "0 sums of strings in 2 files; the operands of 1 more are of type any",
    );
  });
});
