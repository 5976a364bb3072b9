import { expect } from "chai";
import * as fc from "fast-check";

import { parseIntrinsic } from "../../../../src/etl/asl/intrinsics/parse.ts";
import { PathSyntaxError } from "../../../../src/etl/asl/json-path/reader.ts";
import type { Json } from "../../../../src/etl/asl/types.ts";
import { lambda, outputOf, run, runState } from "../../../helpers/etl/asl.ts";

const call = async (source: string, input: Json = {}) =>
  runState({ Type: "Pass", Parameters: { "x.$": source } }, { input });
const valueOf = async (source: string, input: Json = {}) => (outputOf(await call(source, input)) as { x: Json }).x;

describe("an intrinsic function", () => {
  for (const [source, input, expected] of [
    ["States.Format('{} of {}', $.a, 3)", { a: "1" }, "1 of 3"],
    ["States.Format('\\{\\} is \\'{}\\'', null)", {}, "{} is 'null'"],
    ["States.Format('{}', $.a)", { a: { b: [1, "c"] } }, "{b=[1, c]}"],
    ["States.StringToJson('{\"a\": [1]}')", {}, { a: [1] }],
    ["States.StringToJson('')", {}, null],
    ["States.JsonToString($.a)", { a: { b: 1 } }, '{"b":1}'],
    ["States.Array(1, 'two', $.a, States.Array())", { a: null }, [1, "two", null, []]],
    ["States.ArrayPartition($.a, 2)", { a: [1, 2, 3] }, [[1, 2], [3]]],
    ["States.ArrayContains($.a, $.b)", { a: [{ c: 1 }], b: { c: 1 } }, true],
    ["States.ArrayContains($.a, '1')", { a: [1] }, false],
    ["States.ArrayRange(1, 9, 3)", {}, [1, 4, 7]],
    ["States.ArrayRange(3, 1, -1)", {}, [3, 2, 1]],
    ["States.ArrayGetItem($.a, 1)", { a: ["x", "y"] }, "y"],
    ["States.ArrayLength($.a)", { a: [1, 2] }, 2],
    ["States.ArrayUnique($.a)", { a: [1, "1", 1, { b: 1 }, { b: 1 }] }, [1, "1", { b: 1 }]],
    ["States.Base64Encode('münze')", {}, "bcO8bnpl"],
    ["States.Base64Decode('bcO8bnpl')", {}, "münze"],
    ["States.Hash('input data', 'SHA-1')", {}, "aaff4a450a104cd177d28d18d74485e8cae074b7"],
    ["States.JsonMerge($.a, $.b, false)", { a: { x: { y: 1 } }, b: { x: { z: 2 } } }, { x: { z: 2 } }],
    ["States.MathAdd(1.5, -1.5)", {}, 1],
    ["States.StringSplit('1.2,,3', '.,')", {}, ["1", "2", "3"]],
    ["States.ArrayGetItem(States.StringSplit($$.StateMachine.Name, '-'), 0)", {}, "machine"],
  ] as const) {
    it(source, async () => expect(await valueOf(source, input as Json)).to.deep.equal(expected));
  }

  it("draws random numbers and UUIDs from the caller's generator", async () => {
    const one = await valueOf("States.MathRandom(5, 8)");
    expect(one).to.be.within(5, 7);
    expect(await valueOf("States.MathRandom(5, 8)")).to.equal(one);
    expect(await valueOf("States.UUID()")).to.match(
      /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/u,
    );
  });

  it("draws the same numbers for the same seed", async () => {
    const draw = async () => valueOf("States.MathRandom(0, 1000000, $.seed)", { seed: 42 });
    expect(await draw()).to.equal(await draw());
    expect(await draw()).to.not.equal(await valueOf("States.MathRandom(0, 1000000, $.seed)", { seed: 43 }));
  });

  for (const [source, input] of [
    ["States.ArrayGetItem($.a, 5)", { a: [1] }],
    ["States.ArrayPartition($.a, 0)", { a: [1] }],
    ["States.ArrayRange(0, 5000, 1)", {}],
    ["States.Format('{} {}', 1)", {}],
    ["States.Format('{}', 1, 2)", {}],
    ["States.StringToJson($.a)", { a: "{" }],
    ["States.Hash($.a, 'CRC')", { a: "x" }],
    ["States.JsonMerge($.a, $.a, true)", { a: {} }],
    ["States.MathAdd($.a, 1)", { a: "1" }],
    ["States.MathRandom(5, 5)", {}],
    ["States.Base64Encode($.a)", { a: "x".repeat(10_001) }],
  ] as const) {
    it(`fails for ${source.slice(0, 40)} with ${JSON.stringify(input).slice(0, 20)}`, async () => {
      const { result } = await call(source, input as Json);
      expect(result).to.include({ status: "FAILED", error: "States.IntrinsicFailure" });
    });
  }

  it("says which argument is not there, and keeps Jayway's words for a list that is none", async () => {
    const causeOf = async (source: string) => {
      const { result } = await call(source, { other: 1 });
      return result.status === "SUCCEEDED" ? "" : `${result.error}: ${result.cause?.replace(/^.*?\)\. /u, "")}`;
    };
    expect(await causeOf("States.Format('{}', States.ArrayLength($.nope))")).to.equal(
      `States.Runtime: The function 'States.Format('{}', States.ArrayLength($.nope))' had the following error: The JsonPath argument for the field '$.nope' could not be found in the input '{"other":1}'`,
    );
    expect(await causeOf("States.Array($.other[0])")).to.equal(
      "States.Runtime: The function 'States.Array($.other[0])' had the following error: Filter: [0] can only be applied to arrays. Current context is: 1",
    );
  });

  it("fails under a name that Catch knows", async () => {
    const { result } = await run({
      StartAt: "S",
      States: {
        S: {
          Type: "Task",
          Resource: lambda,
          Parameters: { "x.$": "States.StringToJson('{')" },
          Catch: [{ ErrorEquals: ["States.IntrinsicFailure"], Next: "Caught" }],
          End: true,
        },
        Caught: { Type: "Pass", Result: "caught", End: true },
      },
    });
    expect(result).to.deep.equal({ status: "SUCCEEDED", output: "caught" });
  });

  for (const wrong of [
    "States.Nothing()",
    "States.Format(",
    "States.Format('{}' 1)",
    "States.Format('\\\"')",
    "States.UUID(1)",
    "States.MathAdd(1)",
    "States.MathAdd(1, '1')",
    "States.Format(1)",
    " States.UUID()",
    "States.UUID() x",
  ]) {
    it(`refuses ${wrong}`, () => expect(() => parseIntrinsic(wrong)).to.throw(PathSyntaxError));
  }

  it("States.ArrayPartition keeps all items in order", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer()), fc.integer({ min: 1, max: 9 }), async (items, size) => {
        const chunks = (await valueOf("States.ArrayPartition($.a, $.n)", { a: items, n: size })) as number[][];
        expect(chunks.flat()).to.deep.equal(items);
        expect(chunks.slice(0, -1).every(({ length }) => length === size)).to.equal(true);
      }),
      { numRuns: 50 },
    );
  });

  it("States.Base64Decode undoes States.Base64Encode", async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: "grapheme", maxLength: 50 }), async (text) => {
        expect(await valueOf("States.Base64Decode(States.Base64Encode($.a))", { a: text })).to.equal(text);
      }),
      { numRuns: 50 },
    );
  });
});
