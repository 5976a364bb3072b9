import { expect } from "chai";

import { fixText } from "../../helpers/strings/plant.ts";

const head = `declare let name: string, count: number, either: string | number, thing: object, list: string[], any: any;
declare const box: { text: string; inner: { text: string }; readonly by: Record<string, string> };
const first = list[0], second = count ? list[1] : list[2], [one, two] = list, { here, there } = box.by;
const { text, inner: { text: inner } } = box, [usual = "u"] = list;
`;

type Fixed = { readonly after: string; readonly reasons: readonly string[] };

/** Fixes all expressions in one file, as a program holds many. */
async function fixAll(expressions: readonly string[]): Promise<readonly Fixed[]> {
  const statement = (expression: string, index: number) => `export const it${String(index)} = ${expression};\n`;
  const source = `${head}${expressions.map(statement).join("")}`;
  const { text = source, kept } = await fixText(source);
  const afters = text.split(/^export const it\d+ = /mu).slice(1);
  const starts = expressions.map((_, index) => lineOf(source, `export const it${String(index)} = `));
  return afters.map((after, index) => ({
    after: after.trimEnd().slice(0, -1),
    reasons: kept
      .filter(({ line }) => line >= (starts[index] ?? 0) && line < (starts[index + 1] ?? Infinity))
      .map(({ unsafe = "" }) => unsafe),
  }));
}

function lineOf(source: string, text: string): number {
  return source.slice(0, source.indexOf(text)).split("\n").length;
}

describe("strings check --fix", () => {
  const rewritten: readonly [why: string, before: string, after: string][] = [
    ["a literal and a name", `"hello " + name`, "`hello ${name}`"],
    ["two names", "name + name", "`${name}${name}`"],
    ["names taken out of an object", "text + inner", "`${text}${inner}`"],
    ["names with a default", "usual + usual", "`${usual}${usual}`"],
    ["precedence: a sum of numbers first", `count + 1 + "a" + count + 1`, "`${count + 1}a${count}1`"],
    ["parentheses", `"a" + (count + 1) + (name + (count ? "b" : "c"))`, '`a${count + 1}${name}${count ? "b" : "c"}`'],
    ["a product", `"a" + count * 2`, "`a${count * 2}`"],
    ["a template in the sum", "`a${count}` + name + `b`", "`a${count}${name}b`"],
    ["a sum within a call", `"a" + name.concat("b" + name)`, "`a${name.concat(`b${name}`)}`"],
    ["a sum within a template", '`a${name + "b"}`', "`a${`${name}b`}`"],
    ["literals over lines", `"one " +\n  'two "' +\n  "it's"`, `"one two \\"it's"`],
    ["what templates escape", `"\`" + name + "\${x}" + '\\'' + "$" + "{"`, "`\\`${name}\\${x}'\\${`"],
    ["a NUL before a digit", `"\\0" + "1" + name`, "`\\x001${name}`"],
    ["escapes", String.raw`"\n\u{1F600}\\" + name`, "`\\n\\u{1F600}\\\\${name}`"],
    ["other primitives", `"" + null + undefined + true + 1n + -0`, "`${null}${undefined}${true}${1n}${-0}`"],
    ["append to a name", "(name += count)", "(name = `${name}${count}`)"],
    ["append a sum", `(name += "a" + count)`, "(name = `${name}a${count}`)"],
    ["append to a property", "(box.text += name)", "(box.text = `${box.text}${name}`)"],
    ["comments, in place", "name /* one */ + // two\n  count", "`${name /* one */}${// two\n count}`"],
  ];
  describe("rewrites", () => {
    let results: readonly Fixed[];
    before(async () => {
      results = await fixAll(rewritten.map(([, expression]) => expression));
    });
    for (const [index, [why, , after]] of rewritten.entries())
      it(why, () => {
        expect(results[index]).to.deep.equal({ after, reasons: [] });
      });
  });

  const kept: readonly [why: string, before: string, reason: string][] = [
    ["an object", `"a" + thing`, "`thing` may be an object, which can turn itself into text in two ways"],
    ["any", `"a" + any`, "the type of `any` is not known"],
    ["a cast from any", `"a" + (any as string)`, "may be an object"],
    ["a choice that hides a cast", `"a" + (count ? name : (thing as unknown as string))`, "may be an object"],
    ["a sum that hides a cast", "either + (/* c */ any + (either as string))", "neither `either` nor"],
    ["what may be a number", "either + either", "neither `either` nor `either` is sure to be a string when it runs"],
    ["names that begin as elements", "first + second", "neither `first` nor `second` is sure"],
    ["names taken out of a list", "one + two", "neither `one` nor `two` is sure"],
    ["names taken out of a record", "here + there", "neither `here` nor `there` is sure"],
    [
      "names taken out of a list in a list",
      "(([[deep]]: string[][]) => deep + deep)([[]])",
      "neither `deep` nor `deep`",
    ],
    ["elements that may be missing", "list[0] + list[1]", "neither `list[0]` nor `list[1]` is sure"],
    ["properties that may be missing", "box.by.a + box.by.b", "neither `box.by.a` nor `box.by.b` is sure"],
    ["a target with an inner object", "(box.inner.text += name)", "parts of `box.inner.text` would be evaluated twice"],
    ["a comment beside a literal", `"a" + // why\n  "b"`, "a comment stands beside a literal"],
    ["a comment for a tool", "name + /* v8 ignore next */ name", "a comment in it speaks to a tool"],
  ];
  describe("keeps", () => {
    let results: readonly Fixed[];
    before(async () => {
      results = await fixAll(kept.map(([, expression]) => expression));
    });
    for (const [index, [why, before, reason]] of kept.entries())
      it(why, () => {
        expect(results[index]?.after).to.equal(before);
        expect(results[index]?.reasons.join("\n")).to.include(reason);
      });
  });

  it("keeps a sum that begins a statement: a template there would be a tagged one", async () => {
    const { text, kept: rest } = await fixText(`declare const f: (x: unknown) => void, n: string\nf\n"a" + n\n`);
    expect(text).to.equal(undefined);
    expect(rest[0]?.unsafe).to.include("it begins a statement");
  });

  it("keeps what would not compile afterwards, and fixes the rest", async () => {
    const source = `const kind = "a" + "b";\nexport const same = kind === "c";\nexport const x = "x" + kind;\n`;
    const { text, kept: rest } = await fixText(source);
    expect(text).to.equal(source.replace(`"x" + kind`, "`x${kind}`"));
    expect(rest.map(({ line, unsafe }) => [line, unsafe])).to.deep.equal([
      [1, "the types of the program would change"],
    ]);
  });

  it("keeps names of a file without strict types: both might be undefined", async () => {
    const source = `/** @param {string} a @param {string} b */\nexport const f = (a, b) => a + b;\nexport const g = "x" + 1;\n`;
    const { text } = await fixText(source, "planted.js");
    expect(text).to.equal(source.replace(`"x" + 1`, "`x1`"));
  });

  it("keeps everything in a file that does not parse", async () => {
    const { text, kept: rest } = await fixText(`export const a = "x" + 1;\nconst = ;\n`);
    expect([text, rest[0]?.unsafe]).to.deep.equal([undefined, "the file has syntax errors"]);
  });
});
