import { expect } from "chai";

import { draw } from "../../scripts/record/draw.ts";
import { createScreen } from "../../scripts/record/screen.ts";

/** What a screen shows after these writes. */
function shown(...writes: readonly string[]): readonly string[] {
  const screen = createScreen();
  for (const text of writes) screen.write(text);
  return screen.lines();
}

describe("the recorder's screen", () => {
  it("shows lines, and writes over one after a carriage return", () => {
    expect(shown("one\r\ntwo")).to.deep.equal(["one", "two"]);
    expect(shown("12345\rab")).to.deep.equal(["ab345"]);
    expect(shown("12345\rab\u001B[K")).to.deep.equal(["ab"]);
  });

  it("replaces live lines as the commands of this project do: up, clear below, write anew", () => {
    expect(shown("kept\r\nlive 1\r\nlive 2\r\n", "\u001B[2A\u001B[J", "live 3\r\n")).to.deep.equal([
      "kept",
      "live 3",
      "",
    ]);
  });

  it("leaves colours out", () => {
    expect(shown("\u001B[1;32mgreen\u001B[0m")).to.deep.equal(["green"]);
  });
});

describe("the recorder's drawing", () => {
  const frames = [
    { atMs: 0, lines: ["$ a < b"] },
    { atMs: 500, lines: ["$ a < b", "x & y"] },
    { atMs: 510, lines: ["$ a < b", "x & y", "done"] },
  ];
  const svg = draw(frames, { columns: 80, title: "a < b" });

  it("rests on the last frame, also where nothing is animated", () => {
    expect(svg.split(`<g visibility="visible">`)[1]).to.include(">done</text>");
  });

  it("leaves out frames that nobody could see", () => {
    expect(svg.match(/<g visibility/gu)).to.have.length(2);
  });

  it("escapes what XML would read", () => {
    expect(svg).to.include("x\u{A0}&amp;\u{A0}y").and.to.include("<title>A terminal: a &lt; b</title>");
  });
});
