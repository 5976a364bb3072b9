import { expect } from "chai";
import * as fc from "fast-check";

import { counted, format, PlaceholderError } from "../../src/text.ts";
import { typeErrors } from "../helpers/strings/lint.ts";

/** `format` as a caller without types sees it. */
const untyped: (template: string, values: unknown) => string = format as never;

describe("format", () => {
  it("fills placeholders by name", () => {
    expect(format("{count} of {total}", { count: 1, total: 6 })).to.equal("1 of 6");
  });

  it("fills placeholders by position", () => {
    expect(format("{1} before {0}", ["a", "b"])).to.equal("b before a");
    expect(format("{0}", { 0: true })).to.equal("true");
  });

  it("uses a name as often as it stands there", () => {
    expect(format("{name}, {name} and {other}", { name: "Ann", other: 2n })).to.equal("Ann, Ann and 2");
  });

  it("takes a message without placeholders", () => {
    expect(format("done", {})).to.equal("done");
    expect(format("done", [])).to.equal("done");
  });

  it("reads {{ and }} as braces, from left to right", () => {
    expect(format("{{count}}", {})).to.equal("{count}");
    expect(format("{{{count}}}", { count: 3 })).to.equal("{3}");
    expect(format("{{{{{x}", { x: 1 })).to.equal("{{1");
    expect(format("a } b", {})).to.equal("a } b");
  });

  it("takes a value as it is, however much it looks like a placeholder or a pattern", () => {
    expect(format("<{a}{b}>", { a: "{b}", b: "$&" })).to.equal("<{b}$&>");
  });

  it("finds names that objects have by birth only where they were given", () => {
    expect(format("{constructor}", { constructor: "x" })).to.equal("x");
    expect(() => untyped("{toString}", {})).to.throw(PlaceholderError, "{toString} has no value");
  });

  const refusals: readonly [why: string, template: string, values: unknown, message: string][] = [
    ["a missing value", "{a} {b}", { a: 1 }, "{b} has no value; given: a"],
    ["a misspelt name", "{count}", { cuont: 1 }, "{count} has no value; given: cuont"],
    ["a value without a placeholder", "{a}", { a: 1, b: 2 }, '"b" has no placeholder in "{a}"'],
    ["a list that is too long", "{0}", [1, 2], '"1" has no placeholder in "{0}"'],
    ["undefined", "{a}", { a: undefined }, "{a} needs a string, number, bigint or boolean, not undefined"],
    ["null", "{a}", { a: null }, "{a} needs a string, number, bigint or boolean, not null"],
    ["an object", "{a}", { a: {} }, "{a} needs a string, number, bigint or boolean, not object"],
    ["a placeholder without a name", "{}", {}, '"{}" has a brace without a name'],
    ["a brace that is never closed", "{a", {}, '"{a" has a brace without a name'],
  ];
  for (const [why, template, values, message] of refusals)
    it(`tells a caller without types about ${why}`, () => {
      expect(() => untyped(template, values)).to.throw(PlaceholderError, message);
    });
});

describe("the types of format", function () {
  this.timeout(120_000);

  const right = [
    `format("{a} {b} {a}", { a: 1, b: "x" });`,
    `format("{0} {1}", [1, 2n]);`,
    `format("{0}", { 0: true });`,
    `format("{{a}} {{{b}}}", { b: 1 });`,
    `format("plain", {});`,
    `format(flag ? "one {x}" : "many {x}", { x: 1 });`,
    `format("a } b", {});`,
    `format("{a}", { a: flag ? 1 : "x" });`,
  ];
  const wrong = [
    `format("{a} {b}", { a: 1 });`,
    `format("{count}", { cuont: 1 });`,
    `format("{a}", { a: 1, b: 2 });`,
    `format("{a}", { a: undefined });`,
    `format("{a}", { a: null });`,
    `format("{a}", { a: {} });`,
    `format("{a}", { a: ["x"] });`,
    `format("{a}", { a: () => "x" });`,
    `format("{a}", { a: Symbol("x") });`,
    `format("{a}", optional);`,
    `format("{a}", wide);`,
    `format("{a}", more);`,
    `format("{0} {1}", [1]);`,
    `format("{0}", [1, 2]);`,
    `format("{0}", [{}]);`,
    `format("{0}", [undefined]);`,
    `format("{1}", [1]);`,
    `format("{a}", [1]);`,
    `format("{{a}}", { a: 1 });`,
    `format("{}", {});`,
    `format("{a", { a: 1 });`,
    `format("{a{b}", { b: 1 });`,
    `format(text, {});`,
    `format(flag ? "{x}" : "{y}", { x: 1, y: 2 });`,
  ];
  const head = [
    `import { format } from "${new URL("../../src/text.ts", import.meta.url).pathname}";`,
    `declare const flag: boolean, text: string, optional: { a?: string }, wide: Record<string, string>, more: { a: 1; b: 2 };`,
  ];

  it("refuse each wrong call and no right one, as the typed lint of this project sees them", async () => {
    const errors = await typeErrors([...head, ...right, ...wrong].join("\n"));
    const first = head.length + right.length + 1;
    expect([...new Set(errors.map(({ line }) => line))].sort((a, b) => a - b)).to.deep.equal(
      wrong.map((_, index) => first + index),
    );
  });

  it("agree with the run time on templates made of braces and names", async () => {
    const piece = fc.constantFrom("{", "}", "{{", "}}", "a", "b", "{a}", "{b}");
    const templates = fc.sample(
      fc.array(piece, { maxLength: 7 }).map((pieces) => pieces.join("")),
      { seed: 8, numRuns: 150 },
    );
    const valueSets = [{}, { a: 1 }, { b: 1 }, { a: 1, b: 1 }];
    const calls = templates.flatMap((template) => valueSets.map((values) => ({ template, values })));
    const lines = calls.map(
      ({ template, values }) => `format(${JSON.stringify(template)}, ${JSON.stringify(values)});`,
    );
    const errors = await typeErrors([...head, ...lines].join("\n"));
    const refusedByTypes = new Set(errors.map(({ line }) => lines[line - head.length - 1]));
    const refusedAtRunTime = new Set(calls.flatMap((call, index) => (throws(call) ? [lines[index]] : [])));
    expect([...refusedByTypes]).to.have.members([...refusedAtRunTime]);
    expect(refusedAtRunTime.size)
      .to.be.greaterThan(100)
      .and.lessThan(new Set(lines).size - 50);
  });

  it("a @ts-expect-error above a right call is itself an error, so such a mark proves something", async () => {
    const errors = await typeErrors(
      [...head, `// @ts-expect-error`, `format("{a}", { a: 1 });`, `// @ts-expect-error`, `format("{a}", {});`].join(
        "\n",
      ),
    );
    expect(errors.map(({ line, code }) => [line, code])).to.deep.equal([[3, "typescript(TS2578)"]]);
  });
});

describe("counted", () => {
  it("has a singular for one alone", () => {
    expect([0, 1, 2, 1n, 10n].map((count) => counted(count, "coin"))).to.deep.equal([
      "0 coins",
      "1 coin",
      "2 coins",
      "1 coin",
      "10 coins",
    ]);
  });
});

function throws({ template, values }: { template: string; values: object }): boolean {
  try {
    untyped(template, values);
    return false;
  } catch (error) {
    if (error instanceof PlaceholderError) return true;
    throw error;
  }
}

/** Never called: the lint of this file holds each line. */
export function typesHoldHere(optional: { a?: string }): void {
  // @ts-expect-error a missing value
  format("{a} {b}", { a: 1 });
  // @ts-expect-error a misspelt name
  format("{count}", { cuont: 1 });
  // @ts-expect-error an extra value
  format("{a}", { a: 1, b: 2 });
  // @ts-expect-error undefined
  format("{a}", { a: undefined });
  // @ts-expect-error an object
  format("{a}", { a: {} });
  // @ts-expect-error perhaps undefined
  format("{a}", optional);
  // @ts-expect-error a list that is too short
  format("{0} {1}", [1]);
}
