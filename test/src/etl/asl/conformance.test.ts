import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { expect } from "chai";

const script = fileURLToPath(new URL("../../../../scripts/conformance.ts", import.meta.url));
const recordings = fileURLToPath(new URL("../../../../../shared/asl-cases", import.meta.url));

const conformance = (...args: readonly string[]) =>
  spawnSync(process.execPath, [script, ...args], { encoding: "utf8" });

/** One execution that was, or was not, as recorded. */
async function folderWith(output: unknown): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "metacoin-asl-"));
  const definition = { StartAt: "S", States: { S: { Type: "Pass", Result: { n: 1 }, End: true } } };
  const recorded = {
    id: "one",
    category: "base",
    queryLanguage: "JSONPath",
    type: "STANDARD",
    definition,
    input: {},
    mocks: {},
    expected: { status: "SUCCEEDED", output },
    wildcards: ["any"],
  };
  await writeFile(join(folder, "cases.json"), JSON.stringify([recorded]));
  return folder;
}

describe("npm run conformance", () => {
  it("is content where everything is as recorded", async () => {
    const { status, stdout } = conformance(await folderWith({ n: "any" }));
    expect(stdout).to.match(/executions: status with output or error +1\/1 +100\.0 % +99 % +ok/u);
    expect(status).to.equal(0);
  });

  it("exits with 1 below a floor, and says what differs", async () => {
    const { status, stdout } = conformance(await folderWith({ n: 2 }), "--failures");
    expect(stdout).to.include("BELOW").and.to.include('"id":"one"');
    expect(status).to.equal(1);
  });

  it("exits with 1 where there are no cases, with 2 without a folder", async () => {
    expect(conformance(await mkdtemp(join(tmpdir(), "metacoin-asl-"))).status).to.equal(1);
    expect(conformance().status).to.equal(2);
  });

  // The recordings are no part of the repository; where they are, they must hold.
  if (existsSync(recordings)) {
    it("holds for the recordings of real AWS", () => {
      const { status, stdout } = conformance(recordings);
      expect(status, stdout).to.equal(0);
    });
  }
});
