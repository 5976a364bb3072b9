import { expect } from "chai";
import * as fc from "fast-check";
import jsonata from "jsonata";

import { beyond, compileShortcut } from "../../../../src/etl/asl/jsonata/shortcut.ts";
import type { Scope } from "../../../../src/etl/asl/scope.ts";
import type { Json, JsonObject } from "../../../../src/etl/asl/types.ts";

const sources = [
  "$states.input",
  "$states.input.a",
  "$states.input.a.b.`c d`",
  "$states.result.a",
  "$states.errorOutput.a",
  "$states.context.Execution.Name",
  "$states.other.a",
  "$x",
  "$x.a",
  "$missing.a",
  "'text'",
  "12.5",
  "true",
  "null",
  "$exists($states.input.a)",
  "$exists($states.input.a) ? $states.input.a : 'none'",
  "$states.input.a ? 1 : 2",
  "$states.input.a = $x",
  "$states.input.a != null",
  "$states.input.a < $x",
  "$states.input.a >= 1 and $x <= 2",
  "$states.input.a or $states.input.b",
  "$states.input.a & '-' & $x",
  "$states.input.a = 1 ? $states.input.b : $states.input.a & $x",
];

/** Objects and arrays of few names and values, so that expressions meet them. */
const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom(null, true, false, 0, 1, 2.5, "", "a", "1"),
    fc.array(tie("value"), { maxLength: 2 }),
    fc.dictionary(fc.constantFrom("a", "b", "c d"), tie("value"), { maxKeys: 3 }),
  ),
}));

const plain = (result: unknown): unknown => (result === undefined ? undefined : JSON.parse(JSON.stringify(result)));

const context = { Execution: { Name: "run" } };

function scopeOf(input: Json, variables: JsonObject, result?: Json): Scope {
  return { input, variables, context: () => context, random: Math.random, ...(result === undefined ? {} : { result }) };
}

async function fromJsonata(source: string, bindings: JsonObject): Promise<unknown> {
  try {
    return plain(await jsonata(source).evaluate(undefined, bindings));
  } catch {
    return "an error";
  }
}

describe("the shortcut round JSONata", () => {
  for (const source of sources) {
    it(`gives what JSONata gives, or passes: ${source}`, async () => {
      const shortcut = compileShortcut(jsonata(source).ast());
      if (shortcut === undefined) throw new Error("there is no shortcut");
      await fc.assert(
        fc.asyncProperty(value, value, async (input, x) => {
          const bindings = { states: { input, context, result: x }, x } as JsonObject;
          const answer = shortcut(scopeOf(input as Json, { x: x as Json }, x as Json));
          if (answer !== beyond) expect(plain(answer)).to.deep.equal(await fromJsonata(source, bindings));
        }),
        { numRuns: 150 },
      );
    });
  }

  it("is taken for plain data", () => {
    const shortcut = compileShortcut(jsonata("$exists($states.input.a) ? $states.input.a : 'none'").ast());
    expect(shortcut?.(scopeOf({ a: 1 }, {}))).to.equal(1);
    expect(shortcut?.(scopeOf({}, {}))).to.equal("none");
  });

  it("passes what is shadowed, cast or mapped over", () => {
    const answer = (source: string, variables: JsonObject) =>
      compileShortcut(jsonata(source).ast())?.(scopeOf({}, variables));
    expect(answer("$exists($x)", { x: 1, exists: 2 })).to.equal(beyond);
    expect(answer("$x ? 1 : 2", { x: "yes" })).to.equal(beyond);
    expect(answer("$x.a.b", { x: { a: [{ b: 1 }] } })).to.equal(beyond);
  });

  for (const source of [
    "$states.input.a[0]",
    "$states.input.a.$sum(b)",
    "$sum($x)",
    "$x ~> $f",
    "$states.input^(a)",
    "$x.a[]",
    "[1]",
    "{'a': 1}",
    "($y := 1; $y)",
    "$",
    "$$",
    "$states",
    "$states[0].input",
  ]) {
    it(`is none for ${source}`, () => expect(compileShortcut(jsonata(source).ast())).to.equal(undefined));
  }
});
