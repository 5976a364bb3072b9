import { expect } from "chai";

import type { JournalRecord } from "../../../../src/etl/run/journal.ts";
import { viewRun } from "../../../../src/etl/run/view.ts";
import { lambda, run } from "../../../helpers/etl/asl.ts";

/** Every visit of a run of a definition, as `state status`. */
async function visitsOf(definition: object): Promise<string[]> {
  const { events } = await run(definition, {
    handlers: {
      Work: () => {
        throw new Error("no");
      },
    },
  });
  const at = "2026-01-01T00:00:00.000Z";
  const records: JournalRecord[] = [
    { type: "started", run: "r", pipeline: "p", runner: "local", definition: "", input: {}, at, pid: process.pid },
    ...events.map((event): JournalRecord => ({ type: "event", event })),
    { type: "ended", at, status: "SUCCEEDED" },
  ];
  return viewRun(records)?.visits.map(({ state, status }) => `${state} ${status}`) ?? [];
}

describe("viewRun", () => {
  it("tells what failed around a branch from what failed in it", async () => {
    const branch = { StartAt: "Work", States: { Work: { Type: "Task", Resource: lambda, End: true } } };
    const Catch = [{ ErrorEquals: ["States.ALL"], Next: "After" }];
    expect(
      await visitsOf({
        StartAt: "Outer",
        States: {
          Outer: { Type: "Parallel", Branches: [branch], Catch, Next: "After" },
          After: { Type: "Pass", End: true },
        },
      }),
    ).to.deep.equal(["Outer caught", "Work failed", "After succeeded"]);
  });
});
