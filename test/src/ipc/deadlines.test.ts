import { once } from "node:events";
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

import { assert } from "chai";

import { createDeadlines } from "../../../src/ipc/deadlines.ts";

describe("ipc/deadlines", () => {
  it("tells what is late, the earliest first, however it was added", async () => {
    const deadlines = createDeadlines();
    const late: string[] = [];
    await new Promise<void>((resolve) => {
      deadlines.add(30, () => {
        late.push("last");
        resolve();
      });
      deadlines.add(1, () => late.push("first"));
      deadlines.add(10, () => late.push("second"));
    });
    assert.deepEqual(late, ["first", "second", "last"]);
  });

  it("says nothing of what was in time, and is there for the next", async () => {
    const deadlines = createDeadlines();
    const inTime = deadlines.add(1, () => assert.fail("It was in time"));
    inTime();
    inTime();
    await new Promise<void>((resolve) => {
      deadlines.add(5, resolve);
    });
  });

  it("keeps a process alive while something waits, and no longer", async () => {
    const module = fileURLToPath(new URL("../../../src/ipc/deadlines.ts", import.meta.url));
    const program = [
      `import { createDeadlines } from ${JSON.stringify(module)};`,
      "const deadlines = createDeadlines();",
      "deadlines.add(3_600_000, () => undefined)();",
      'deadlines.add(20, () => console.log("late"));',
    ].join("\n");
    const child = spawn(process.execPath, ["--input-type=module-typescript", "-e", program], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const said: string[] = [];
    child.stdout.on("data", (data: Buffer) => said.push(data.toString()));
    const [code] = await once(child, "close");
    assert.deepEqual([code, said.join("")], [0, "late\n"]);
  });
});
