import { expect } from "chai";

import { renderComparison, renderComparisonPage } from "../../../../src/ipc/compare/render.ts";
import { fifo } from "../../../../src/ipc/fifo.ts";
import { socket } from "../../../../src/ipc/socket.ts";

const rows = [
  {
    name: "socket" as const,
    summary: "a socket",
    caps: socket.caps,
    roundTrip: 20,
    perSecond: 50_000,
    cpu: 4.25,
    limit: { kind: "unix" as const, roundTrip: 8 },
  },
  { name: "fifo" as const, summary: "a pipe", caps: fifo.caps, unavailable: "<none>" },
];

describe("renderComparison", () => {
  it("is a table, then bars from the shortest to the longest", () => {
    expect(renderComparison(rows)).to.equal(
      [
        "transport  round trip  × C  calls/s  CPU/call  cross-platform  file  service  easy  what",
        "socket     20.0 µs     2.5  50,000   4.3 µs    yes             no    no       yes   a socket",
        "fifo       -           -    -        -         no              yes   no       yes   not here: <none>",
        "",
        "Round trip, microseconds (logarithmic)",
        `C unix ${"█".repeat(36)} 8.0 µs`,
        `socket ${"█".repeat(50)} 20.0 µs`,
      ].join("\n"),
    );
  });

  it("escapes what goes into the page", () => {
    const page = renderComparisonPage(rows, { machine: "<b>", date: "2026-11-22" });
    expect(page).to.include("&#60;none&#62;").and.not.include("<b>");
  });
});
