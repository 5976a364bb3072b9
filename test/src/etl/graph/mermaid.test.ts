import { expect } from "chai";

import { toMermaid } from "../../../../src/etl/graph/mermaid.ts";
import { graphOf } from "../../../../src/etl/graph/model.ts";

describe("toMermaid", () => {
  it("draws branches, choices and catchers", () => {
    const graph = graphOf({
      StartAt: "Both",
      States: {
        Both: {
          Type: "Parallel",
          Branches: [
            { StartAt: "A", States: { A: { Type: "Succeed" } } },
            { StartAt: "B", States: { B: { Type: "Succeed" } } },
          ],
          Catch: [{ ErrorEquals: ["States.ALL"], Next: "Bad" }],
          Next: "Pick",
        },
        Pick: { Type: "Choice", Choices: [{ Condition: "{% $x > 1 %}", Next: "Bad" }], Default: "Both" },
        Bad: { Type: "Fail" },
      },
    });
    expect(toMermaid(graph)).to.equal(
      [
        "stateDiagram-v2",
        "  [*] --> s1",
        '  state "Both" as s1',
        "  state s1 {",
        "    [*] --> s2",
        '    state "A" as s2',
        "    s2 --> [*]",
        "    --",
        "    [*] --> s3",
        '    state "B" as s3',
        "    s3 --> [*]",
        "  }",
        '  state "Pick" as s4',
        '  state "Bad" as s5',
        "  s5 --> [*]",
        "  s1 --> s4",
        "  s1 --> s5: catch States.ALL",
        "  s4 --> s5: $x > 1",
        "  s4 --> s1: otherwise",
      ].join("\n"),
    );
  });
});
